/* http: see http.h. libfcgi's own accept can be stopped by a silent connection
 * and loses a SIGTERM that comes at the wrong moment, so that accepting is ours
 * and only reading and writing are libfcgi's. */
#include "http.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "logger.h"
#include "xalloc.h"

enum {
	IO_TIMEOUT = 10 /* s for a web server to send or take the next bytes */
};

struct http {
	int listener; /* -1: plain CGI */
	int epoll;
	bool cgi_done;
	bool open; /* a request is being answered */
	FCGX_Request request;
	struct buf headers, path;
};

static volatile sig_atomic_t stopping;

static void on_sigterm(int signal)
{
	(void)signal;
	stopping = 1;
}

bool http_is_cgi(void)
{
	return getenv("GATEWAY_INTERFACE") && getenv("REQUEST_METHOD");
}

struct http *http_create(int listener)
{
	struct http *http = xcalloc(1, sizeof(*http));
	/* Exclusive: a connection wakes one worker, not all of them. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	struct sigaction action = { .sa_handler = on_sigterm };

	http->listener = listener;
	http->epoll = -1;
	if (listener < 0)
		return http;
	/* No waiting for the peer when a connection is closed. */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "0", 1);
	signal(SIGPIPE, SIG_IGN);
	/* Before FCGX_Init, which leaves handlers alone that are there. */
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	FCGX_Init();
	FCGX_InitRequest(&http->request, -1, 0);
	http->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (http->epoll < 0 ||
	    epoll_ctl(http->epoll, EPOLL_CTL_ADD, listener, &event) < 0) {
		logger(LEVEL_ERROR, "start", "why=\"epoll: %s\"",
		       strerror(errno));
		exit(1);
	}
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->epoll >= 0)
		close(http->epoll);
	buf_free(&http->headers);
	buf_free(&http->path);
	free(http);
}

/* The next connection, or -1 when it is time to stop. */
static int next_connection(struct http *http)
{
	const struct timeval limit = { .tv_sec = IO_TIMEOUT };
	struct epoll_event event;
	sigset_t open;
	int fd;

	sigprocmask(SIG_SETMASK, NULL, &open);
	sigdelset(&open, SIGTERM);
	sigdelset(&open, SIGINT);
	for (;;) {
		epoll_pwait(http->epoll, &event, 1, -1, &open);
		if (stopping)
			return -1;
		fd = accept4(http->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			break;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

static void end(struct http *http)
{
	if (http->open && http->listener >= 0) {
		http->request.keepConnection = 0;
		FCGX_Finish_r(&http->request);
	}
	http->open = false;
	http->headers.len = 0;
}

bool http_accept(struct http *http)
{
	end(http);
	if (http->listener < 0) {
		http->open = !http->cgi_done;
		http->cgi_done = true;
		return http->open;
	}
	for (;;) {
		int fd = next_connection(http);

		if (fd < 0)
			return false;
		/* libfcgi takes over a connection as if it had kept it. */
		http->request.ipcFd = fd;
		http->request.keepConnection = 1;
		http->request.listen_sock = -1;
		if (FCGX_Accept_r(&http->request) == 0)
			break;
		if (http->request.ipcFd >= 0)
			FCGX_Free(&http->request, 1);
	}
	http->open = true;
	return true;
}

const char *http_param(void *context, const char *name)
{
	struct http *http = context;

	return http->listener < 0 ? getenv(name)
				  : FCGX_GetParam(name, http->request.envp);
}

const char *http_method(struct http *http)
{
	const char *method = http_param(http, "REQUEST_METHOD");

	return method ? method : "";
}

const char *http_path(struct http *http, const char *mount)
{
	const char *uri = http_param(http, "REQUEST_URI");
	size_t len = strlen(mount);

	if (!uri)
		uri = http_param(http, "SCRIPT_NAME");
	if (!uri)
		uri = "";
	if (!strncmp(uri, mount, len))
		uri += len;
	else if (strrchr(uri, '/'))
		uri = strrchr(uri, '/') + 1;
	http->path.len = 0;
	buf_add(&http->path, uri, strcspn(uri, "?#"));
	return buf_text(&http->path);
}

static size_t read_some(struct http *http, char *to, size_t len)
{
	int n;

	if (http->listener < 0)
		return fread(to, 1, len, stdin);
	n = FCGX_GetStr(to, (int)len, http->request.in);
	return n > 0 ? (size_t)n : 0;
}

enum confab_error http_body(struct http *http, size_t limit, struct buf *out)
{
	const char *text = http_param(http, "CONTENT_LENGTH");
	unsigned long long want = text ? strtoull(text, NULL, 10) : 0;
	size_t start = out->len;

	if (want > limit)
		return ERROR_TOO_LARGE;
	while (out->len - start < want) {
		size_t left = (size_t)want - (out->len - start), n;

		buf_reserve(out, left);
		n = read_some(http, out->data + out->len, left);
		if (!n)
			return ERROR_INVALID;
		out->len += n;
	}
	return ERROR_NONE;
}

void http_header(struct http *http, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* Nothing from outside may start a header of its own. */
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
	buf_add_text(&http->headers, line);
	buf_add_text(&http->headers, "\r\n");
}

static void write_all(struct http *http, const struct buf *bytes)
{
	if (http->listener < 0) {
		fwrite(bytes->data, 1, bytes->len, stdout);
		fflush(stdout);
	} else {
		FCGX_PutStr(bytes->data, (int)bytes->len, http->request.out);
	}
}

void http_respond(struct http *http, int status, const char *body, size_t len)
{
	struct buf response = { 0 };

	buf_addf(&response, "Status: %d\r\n", status);
	if (status != 204)
		buf_addf(&response,
			 "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n",
			 len);
	buf_add_text(&response, "Cache-Control: no-store\r\n"
				"X-Content-Type-Options: nosniff\r\n");
	buf_add(&response, http->headers.data, http->headers.len);
	buf_add_text(&response, "\r\n");
	if (status != 204)
		buf_add(&response, body, len);
	write_all(http, &response);
	buf_free(&response);
	end(http);
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
