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
	struct filetype *filetype;
	struct identity who; /* the caller */
	bool collects_last;  /* plain CGI: there is no idle time in between */
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

/* A picture of an image, made by confab-preview. */
struct media_preview {
	int width, height;    /* pixels of the image; 0: unknown */
	bool made;            /* there is a picture */
	struct spool picture; /* finished */
};

/* Reads the image in an open file. An unreadable image has no preview. Discard
 * the picture unless it was placed. */
void media_preview(struct media_preview *out, int image, const char *directory);

/* Removes some of the unused files. Fits http_every(). */
void media_collect(void *media);

#endif
