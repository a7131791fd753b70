/* request: one request and its response, for programs that serve one request at
 * a time: over FastCGI (libfcgi), or as plain CGI when the web server started
 * the program that way. The only module that sees libfcgi. */
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

/* Counts responses by class of status from now on. Call in the parent, before
 * it forks workers. */
void http_count_into(struct metrics *metrics);

/* listener: a listening, non-blocking socket for FastCGI, or -1 for one CGI
 * request. timeout: seconds for a request to arrive, and for its response to be
 * read. Blocks SIGTERM for good; make one per process. */
struct http *http_create(int listener, int timeout);
void http_free(struct http *http);

/* Waits for the next request. SIGTERM takes effect only here, between requests.
 * False when it is time to stop: SIGTERM came and no connection is waiting any
 * more, or the one CGI request is done. */
bool http_accept(struct http *http);

/* Runs task when the process starts to wait, then every so many seconds between
 * requests. Never under CGI. */
void http_every(struct http *http, int seconds, void (*task)(void *context),
		void *context);

/* The id of the request; its response carries it as X-Request-Id. Owned by the
 * request. */
const char *http_request_id(const struct http *http);

/* The status of the last response, 0 when there was none, 401 when it was error
 * 4001 under another; and the bytes of its request's body. For the time between
 * requests. */
int http_last_status(const struct http *http);
size_t http_last_body(const struct http *http);

/* A CGI variable, or NULL. Owned by the request. Fits identity_param. */
const char *http_param(void *http, const char *name);
const char *http_method(struct http *http);

/* The path below the mount point without query, such as "session/register".
 * Owned by the request. Outside the mount point (cgi-bin) the path starts with
 * the program's own name. */
const char *http_path(struct http *http, const char *mount);

/* Whether Content-Type is application/json, or that of a form:
 * application/x-www-form-urlencoded or multipart/form-data. */
bool http_is_json(struct http *http);
bool http_is_form(struct http *http);

/* Appends the body to out. ERROR_TOO_LARGE when it is longer than limit
 * bytes, ERROR_INVALID when it is shorter than Content-Length; out is then
 * unchanged. */
enum confab_error http_body(struct http *http, size_t limit, struct buf *out);

/* CONTENT_LENGTH, or HTTP_UNKNOWN_LENGTH when it is missing or unusable. A CGI
 * program then has no body. */
enum {
	HTTP_UNKNOWN_LENGTH = -1
};
long long http_length(struct http *http);

/* Reads the next bytes, at most len, of a body that is too large to keep. 0 at
 * its end; -1 when it breaks off or nothing comes for the timeout. */
ssize_t http_read(struct http *http, char *to, size_t len)
	__attribute__((warn_unused_result));

/* Whether the client or its web server has closed the connection, so nobody
 * reads a response. Costs a system call; ask before expensive work. */
bool http_is_abandoned(const struct http *http);

/* Ends the request without a response. */
void http_drop(struct http *http);

/* Adds a line "Name: value" to the head of the response. Control characters
 * become spaces; anything beyond 1 KiB is cut. */
void http_header(struct http *http, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sends the response (application/json, no-store, nosniff) and ends the
 * request. status 204 has no body. */
void http_respond(struct http *http, int status, const char *body, size_t len);

/* A response in pieces: http_start() sends the head, with the request id and
 * the fields of http_header(); then come any number of pieces; http_end() ends
 * the request. A piece returns false when nobody reads it within the timeout;
 * then only http_end() may follow. */
void http_start(struct http *http, const struct head *head);
bool http_send(struct http *http, const char *bytes, size_t len)
	__attribute__((warn_unused_result));
void http_end(struct http *http);

/* Sends error 4003 under another status, such as 415. */
void http_refuse(struct http *http, int status, const char *sentence);

/* Sends error 4003 under 405. allow lists the methods of the resource. */
void http_refuse_method(struct http *http, const char *allow,
			const char *sentence);

/* Sends an error with its status and Retry-After; ends the request. */
void http_answer(struct http *http, const struct error_answer *answer);

/* Sends an error with this sentence; NULL: the table's. */
void http_fail(struct http *http, enum confab_error error, const char *detail);

#endif
