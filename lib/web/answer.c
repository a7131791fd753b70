/* answer: the response to a request, over FastCGI or as plain CGI. Called by
 * programs that serve one request at a time; owns nothing. It writes responses
 * itself, whole or in pieces; lib/web/request.c says why libfcgi does not. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "web/fastcgi.h"
#include "web/head.h"
#include "web/request.h"
#include "web/request_internal.h"

enum {
	DISCARD = 268435456, /* bytes of an unread body to read before
				answering; web servers may take the response
				only after that */
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
	/* Text from outside must not start a line of its own. */
	for (size_t i = start; i < http->headers.len; i++)
		if ((unsigned char)http->headers.data[i] < 0x20)
			http->headers.data[i] = ' ';
	buf_add_text(&http->headers, "\r\n");
}

void http_count_into(struct metrics *metrics)
{
	for (int i = 0; i < STATUS_CLASSES; i++)
		counted[i] = metrics_add(metrics, "responses_total",
					 "status=\"%dxx\"", i + 1);
}

/* Counts the response and appends its head, with the id and the fields of this
 * request. */
static void write_head(struct http *http, const struct head *given,
		       struct buf *out)
{
	struct head head = *given;
	int class = head.status / 100 - 1;

	if (class >= 0 && class < STATUS_CLASSES && counted[class])
		metric_count(counted[class], 1);
	http->status = head.status;
	head.request_id = http_request_id(http);
	head.fields = buf_text(&http->headers);
	head_write(out, &head);
}

static bool write_all(int fd, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		/* The client has gone, so there is nobody to answer. */
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Reads the rest of the body. A web server that is still sending it might not
 * read the response, and closing with unread bytes resets the connection. A CGI
 * program may read no more than the announced length. */
static void discard_body(struct http *http)
{
	char scratch[HTTP_CHUNK];
	long long length = http_length(http);
	size_t left = DISCARD, n = 1;

	if (http->listener < 0)
		left = length > (long long)http->got
			       ? (size_t)length - http->got
			       : 0;
	while (left > 0 && n > 0) {
		n = http_read_some(http, scratch,
				   left < HTTP_CHUNK ? left : HTTP_CHUNK);
		left -= n;
	}
}

/* Sends a head with the length of the body, the body, and the end. */
static void send_response(struct http *http, const struct head *head,
			  const char *body)
{
	struct buf response = { 0 }, wire = { 0 };
	unsigned id = (unsigned)http->request.requestId;

	write_head(http, head, &response);
	if (head->status != 204)
		buf_add(&response, body, (size_t)head->length);
	if (http->listener < 0) {
		discard_body(http);
		write_all(STDOUT_FILENO, &response);
		/* The web server waits until the last writer has closed the
		 * pipe. */
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

void http_respond(struct http *http, int status, const char *body, size_t len)
{
	const struct head head = { .status = status,
				   .type = "application/json",
				   .length = (long long)len };

	send_response(http, &head, body);
}

void http_start(struct http *http, const struct head *head)
{
	struct buf text = { 0 };

	/* A client that does not read is noticed at the first piece. */
	http_watch(http);
	discard_body(http);
	http_unwatch();
	write_head(http, head, &text);
	(void)!http_send(http, text.data, text.len);
	buf_free(&text);
}

bool http_send(struct http *http, const char *bytes, size_t len)
{
	struct buf wire = { 0 };
	bool taken;

	/* In FastCGI an empty piece ends the stream. */
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

static void refuse_request(struct http *http, struct head head,
			   const char *sentence)
{
	struct buf body = { 0 };

	error_body(&body, ERROR_INVALID, sentence);
	head.type = "application/json";
	head.length = (long long)body.len;
	send_response(http, &head, body.data);
	buf_free(&body);
}

void http_refuse(struct http *http, int status, const char *sentence)
{
	refuse_request(http, (struct head){ .status = status }, sentence);
}

void http_refuse_method(struct http *http, const char *allow,
			const char *sentence)
{
	refuse_request(http, (struct head){ .status = 405, .allow = allow },
		       sentence);
}

void http_answer(struct http *http, const struct error_answer *answer)
{
	struct buf made = { 0 };
	struct head head = { .status = answer->http_status,
			     .type = "application/json",
			     .retry_after = answer->retry_after };

	if (answer->body)
		buf_add_text(&made, answer->body);
	else
		error_body(&made, answer->error, NULL);
	head.length = (long long)made.len;
	send_response(http, &head, made.data);
	/* Some clients expect another status for this error. */
	if (answer->error == ERROR_UNAUTHENTICATED)
		http->status = error_info(ERROR_UNAUTHENTICATED)->http_status;
	buf_free(&made);
}

void http_fail(struct http *http, enum confab_error error, const char *detail)
{
	struct buf body = { 0 };
	struct error_answer answer;

	error_body(&body, error, detail);
	answer = error_answer(error, buf_text(&body));
	http_answer(http, &answer);
	buf_free(&body);
}
