/* request: one request and its response, for the programs that do one request
 * at a time: over FastCGI (libfcgi), or as plain CGI when the web server
 * started us so. The only module that sees libfcgi. */
#ifndef CONFAB_WEB_REQUEST_H
#define CONFAB_WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/metrics.h"
#include "web/head.h"

struct http;

/* True when this process was started as a plain CGI program. */
bool http_is_cgi(void);

/* From now on responses are counted by class of status; in the parent, before
 * its workers are there. */
void http_count_into(struct metrics *metrics);

/* listener: a listening, non-blocking socket for FastCGI, or -1 for the one CGI
 * request. timeout: seconds for a request to arrive, and for its response to be
 * taken. Blocks SIGTERM for good; one per process. */
struct http *http_create(int listener, int timeout);
void http_free(struct http *http);

/* Waits for the next request; SIGTERM is heeded only here, between requests.
 * False when it is time to stop: SIGTERM came and nobody waits any more, or the
 * one CGI request is done. */
bool http_accept(struct http *http);

/* Has task run when the process starts to wait, and every so many seconds
 * between requests from then on; never under CGI. */
void http_every(struct http *http, int seconds, void (*task)(void *context),
		void *context);

/* The id of the request, which its response carries as X-Request-Id. Owned by
 * the request. */
const char *http_request_id(const struct http *http);

/* A CGI variable, or NULL. Owned by the request. Fits identity_param. */
const char *http_param(void *http, const char *name);
const char *http_method(struct http *http);

/* The path below the mount point without query: "session/register"; owned by
 * the request. Where the program runs outside the mount point (cgi-bin), its
 * own name and what follows. */
const char *http_path(struct http *http, const char *mount);

/* Whether the body is said to be application/json. */
bool http_is_json(struct http *http);

/* Appends the body to out. ERROR_TOO_LARGE beyond limit bytes, ERROR_INVALID
 * when it is shorter than Content-Length says; out is then as before. */
enum confab_error http_body(struct http *http, size_t limit, struct buf *out);

/* CONTENT_LENGTH, or HTTP_UNKNOWN_LENGTH when there is none that can be used; a
 * CGI program then has no body. */
enum {
	HTTP_UNKNOWN_LENGTH = -1
};
long long http_length(struct http *http);

/* For a body that is too large to keep: its next bytes, at most len of them. 0
 * at its end; -1 when it breaks off before, or nothing comes for the timeout.
 */
ssize_t http_read(struct http *http, char *to, size_t len)
	__attribute__((warn_unused_result));

/* Whether the client, or its web server, has given up: nobody takes a response
 * any more. Costs a system call; for what is expensive to begin. */
bool http_is_abandoned(const struct http *http);

/* Ends the request without a response. */
void http_drop(struct http *http);

/* A header line "Name: value" for the coming response; control characters
 * become spaces, what is beyond 1 KiB is cut. */
void http_header(struct http *http, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sends the response (application/json, no-store, nosniff) and ends the
 * request. status 204 has no body. */
void http_respond(struct http *http, int status, const char *body, size_t len);

/* A response in pieces: its head, then any number of pieces, then its end,
 * which ends the request. The request id and the fields that http_header() was
 * given join the head. A piece that nobody takes within the timeout is false;
 * only the end can follow then. */
void http_start(struct http *http, const struct head *head);
bool http_send(struct http *http, const char *bytes, size_t len)
	__attribute__((warn_unused_result));
void http_end(struct http *http);

/* 4003 under another status: 415. */
void http_refuse(struct http *http, int status, const char *sentence);

/* 4003 under 405; allow lists the methods that the resource has. */
void http_refuse_method(struct http *http, const char *allow,
			const char *sentence);

/* The answer with its status and Retry-After; ends the request. */
void http_answer(struct http *http, const struct error_answer *answer);

/* The error with a sentence of its own; NULL: the table's. */
void http_fail(struct http *http, enum confab_error error, const char *detail);

#endif
