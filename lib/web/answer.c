/* answer: the response to a request over FastCGI, or as plain CGI. Called
 * by the programs that do one request at a time; owns nothing. It is written by
 * us, at once or in pieces, and not by libfcgi; lib/web/request.c says why. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "web/fastcgi.h"
#include "web/request.h"
#include "web/request_internal.h"

enum {
	DISCARD = 268435456, /* most bytes of an unread body that are read, so
			      * that the web server takes the response */
	STATUS_CLASSES = 5,  /* 1xx to 5xx */
};

/* NULL: not counted. */
static struct metric *counted[STATUS_CLASSES];

void http_header(struct http *http, const char *format, ...)
{
	size_t start = http->headers.len;
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_add_text(&http->headers, line);
	/* Nothing from outside may start a line of its own. */
	for (size_t i = start; i < http->headers.len; i++)
		if ((unsigned char)http->headers.data[i] < 0x20)
			http->headers.data[i] = ' ';
	buf_add_text(&http->headers, "\r\n");
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} table[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].reason;
	return "Status";
}

static void print_response(struct http *http, int status, const char *body,
			   size_t len, struct buf *out)
{
	buf_addf(out,
		 "Status: %d %s\r\n"
		 "Cache-Control: no-store\r\n"
		 "X-Content-Type-Options: nosniff\r\n",
		 status, reason(status));
	if (status != 204)
		buf_addf(out,
			 "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n",
			 len);
	buf_add(out, http->headers.data, http->headers.len);
	buf_add_text(out, "\r\n");
	if (status != 204)
		buf_add(out, body, len);
}

static bool write_all(int fd, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		/* Nobody is left to be told. */
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Reads what is left of the body: a web server that is still sending it might
 * not look at the response, and unread bytes make closing a reset. */
static void discard_body(struct http *http)
{
	char scratch[HTTP_CHUNK];
	size_t left = DISCARD, n;

	while (left > 0 &&
	       (n = http_read_some(http, scratch, sizeof(scratch))) > 0)
		left -= n < left ? n : left;
}

void http_count_into(struct metrics *metrics)
{
	for (int i = 0; i < STATUS_CLASSES; i++)
		counted[i] = metrics_add(metrics, "responses_total",
					 "status=\"%dxx\"", i + 1);
}

static void count(int status)
{
	int class = status / 100 - 1;

	if (class >= 0 && class < STATUS_CLASSES && counted[class])
		metric_count(counted[class], 1);
}

void http_respond(struct http *http, int status, const char *body, size_t len)
{
	struct buf response = { 0 }, wire = { 0 };
	unsigned id = (unsigned)http->request.requestId;

	count(status);
	print_response(http, status, body, len, &response);
	if (http->listener < 0) {
		write_all(STDOUT_FILENO, &response);
		/* The web server waits until nobody can write any more. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
	} else {
		http_watch(http);
		discard_body(http);
		fastcgi_write(&wire, FASTCGI_STDOUT, id, response.data,
			      response.len);
		fastcgi_write(&wire, FASTCGI_STDOUT, id, "", 0);
		fastcgi_end(&wire, id);
		write_all(http->request.ipcFd, &wire);
	}
	buf_free(&wire);
	buf_free(&response);
	http_hang_up(http);
}

void http_start(struct http *http, int status)
{
	struct buf head = { 0 };

	/* A client that does not take it is noticed with the first piece. */
	if (http->listener >= 0) {
		http_watch(http);
		discard_body(http);
		http_unwatch();
	}
	buf_addf(&head,
		 "Status: %d %s\r\n"
		 "X-Content-Type-Options: nosniff\r\n",
		 status, reason(status));
	buf_add(&head, http->headers.data, http->headers.len);
	buf_add_text(&head, "\r\n");
	(void)!http_send(http, head.data, head.len);
	buf_free(&head);
}

bool http_send(struct http *http, const char *bytes, size_t len)
{
	struct buf wire = { 0 };
	bool taken;

	/* In FastCGI an empty piece is the end. */
	if (len == 0)
		return true;
	if (http->listener < 0) {
		buf_add(&wire, bytes, len);
		taken = write_all(STDOUT_FILENO, &wire);
	} else {
		fastcgi_write(&wire, FASTCGI_STDOUT,
			      (unsigned)http->request.requestId, bytes, len);
		http_watch(http);
		taken = write_all(http->request.ipcFd, &wire);
		http_unwatch();
	}
	buf_free(&wire);
	return taken;
}

void http_end(struct http *http)
{
	struct buf wire = { 0 };
	unsigned id = (unsigned)http->request.requestId;

	if (http->listener >= 0) {
		fastcgi_write(&wire, FASTCGI_STDOUT, id, "", 0);
		fastcgi_end(&wire, id);
		http_watch(http);
		write_all(http->request.ipcFd, &wire);
	}
	buf_free(&wire);
	http_hang_up(http);
}

void http_refuse(struct http *http, int status, const char *sentence)
{
	struct buf body = { 0 };

	error_body(&body, ERROR_INVALID, sentence);
	http_respond(http, status, body.data, body.len);
	buf_free(&body);
}

void http_fail(struct http *http, enum confab_error error, const char *detail)
{
	const struct error_info *info = error_info(error);
	struct buf body = { 0 };

	if (info->retry_after)
		http_header(http, "Retry-After: %d", info->retry_after);
	error_body(&body, error, detail);
	http_respond(http, info->http_status, body.data, body.len);
	buf_free(&body);
}
