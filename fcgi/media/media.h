/* media: shared by the parts of confab-media. */
#ifndef CONFAB_FCGI_MEDIA_MEDIA_H
#define CONFAB_FCGI_MEDIA_MEDIA_H

#include <stdbool.h>

#include "auth/identity.h"
#include "base/config.h"
#include "filetype.h"
#include "pg/sync.h"
#include "store.h"
#include "web/request.h"
#include "web/shares.h"

enum media_statement {
	MEDIA_ALLOW,
	MEDIA_CREATE,
	MEDIA_GET,
	MEDIA_COLLECT,
	MEDIA_COLLECTED,
};

/* The state of a worker. */
struct media {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct identity who;   /* the caller */
	struct shares *shares; /* NULL under CGI */
	struct share *share;
	bool collects_last; /* plain CGI: there is no idle time in between */
};

/* The caller's hash, the first parameter of every statement for a caller. */
struct pg_param media_caller(const struct media *media);

/* Runs a statement. NULL when it failed, with the failure answered. */
struct pg_result *media_ask(struct media *media, enum media_statement which,
			    int n, const struct pg_param *params)
	__attribute__((warn_unused_result));

/* Answers 4003 for one field. */
void media_refuse(struct media *media, const char *field, const char *sentence);

/* Serves POST media for a caller that is allowed to send it. */
void media_upload(struct media *media);

/* Serves GET and HEAD media/ID/NAME. preview: send the upload's preview. */
void media_download(struct media *media, const char *id, bool preview);

/* What confab-preview finds in a file. */
struct media_findings {
	char type[128];       /* MIME type, as libmagic calls it */
	int width, height;    /* pixels of an image; 0: unknown */
	bool has_preview;     /* there is a picture of an image */
	struct spool picture; /* finished */
};

/* Examines an open file. An unreadable image has no preview, an unreadable file
 * the type application/octet-stream. Discard the picture unless it was placed.
 * directory: where pictures are stored. */
void media_examine(struct media_findings *out, int file, const char *directory);

/* Whether files can be examined here. Adds the reason to why if not. */
bool media_can_examine(struct buf *why);

/* Removes some of the unused files. Fits http_every(). */
void media_collect(void *media);

#endif
