/* head: the head of an HTTP response, as a program writes it for its web
 * server. The one place that makes one. */
#ifndef CONFAB_WEB_HEAD_H
#define CONFAB_WEB_HEAD_H

#include "base/buf.h"

enum {
	HEAD_NO_LENGTH = -1 /* no Content-Length: the end is the end */
};

struct head {
	int status;
	const char *type;       /* Content-Type; NULL: none */
	long long length;       /* bytes of the body, or HEAD_NO_LENGTH */
	const char *cache;      /* Cache-Control; NULL: no-store */
	const char *allow;      /* methods, after 405; NULL: none */
	const char *request_id; /* NULL: none */
	int retry_after;        /* s; 0: none */
	const char *fields;     /* other lines, each with its CR LF; or NULL */
};

/* Appends the head with the empty line that ends it: status and reason phrase,
 * what the fields say, and X-Content-Type-Options: nosniff. 204 and 304 have no
 * body, so they get neither type nor length. */
void head_write(struct buf *out, const struct head *head)
	__attribute__((nonnull));

/* The same as a program writes it that speaks HTTP itself. */
void head_write_http(struct buf *out, const struct head *head)
	__attribute__((nonnull));

#endif
