/* http: one request and its response, for the programs that do one request at
 * a time: over FastCGI (libfcgi), or as plain CGI when the web server started
 * us so. The only module that sees libfcgi. */
#ifndef CONFAB_HTTP_H
#define CONFAB_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

struct http;

/* True when this process was started as a plain CGI program. */
bool http_is_cgi(void);

/* listener: a listening socket for FastCGI, or -1 for the one CGI request. */
struct http *http_create(int listener);
void http_free(struct http *http);

/* Waits for the next request; SIGTERM must be blocked by the caller and is
 * let through only while waiting. False when it is time to stop: SIGTERM came,
 * or the one CGI request is done. */
bool http_accept(struct http *http);

/* A CGI variable, or NULL. Owned by the request. Fits identity_param. */
const char *http_param(void *http, const char *name);
const char *http_method(struct http *http);

/* The path below the mount point without query: "session/register". */
const char *http_path(struct http *http, const char *mount);

/* Reads the body to out. ERROR_TOO_LARGE beyond limit bytes, ERROR_INVALID
 * when it is shorter than Content-Length says. */
enum confab_error http_body(struct http *http, size_t limit, struct buf *out);

/* A header line "Name: value" for the coming response. */
void http_header(struct http *http, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sends the response (application/json, no-store, nosniff) and ends the
 * request. status 204 has no body. */
void http_respond(struct http *http, int status, const char *body, size_t len);

/* The error as body and status, with Retry-After where the table has one. */
void http_fail(struct http *http, enum confab_error error, const char *detail);

#endif
