/* head: the head of an HTTP response, as a program writes it for its web
 * server. Only this module writes one. */
#ifndef CONFAB_WEB_HEAD_H
#define CONFAB_WEB_HEAD_H

#include "base/buf.h"

enum {
	HEAD_NO_LENGTH = -1 /* no Content-Length: closing ends the body */
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

/* Appends the head and the empty line after it: status and reason phrase, the
 * fields of struct head, and X-Content-Type-Options: nosniff. 204 and 304 have
 * no body, so they get neither type nor length. */
void head_write(struct buf *out, const struct head *head)
	__attribute__((nonnull));

/* As head_write(), for a program that speaks HTTP itself. */
void head_write_http(struct buf *out, const struct head *head)
	__attribute__((nonnull));

#endif
