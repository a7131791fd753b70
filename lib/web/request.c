/* request: one request and its response over FastCGI, or as plain CGI. Called
 * by programs that serve one request at a time; owns the connection and the
 * request's text. One per process, single-threaded.
 *
 * libfcgi 2.4.2 only reads the requests. Its accept waits seconds for a silent
 * connection, a SIGTERM at the wrong moment is lost or breaks a request, half a
 * request holds the process for ever, closing takes three more system calls,
 * and a response goes out in pieces of 8 KiB. This module does the rest itself:
 * - epoll waits for the listening socket and for SIGTERM (a signalfd: the
 *   signal stays blocked and is seen under constant load too). The socket is
 *   added with EPOLLEXCLUSIVE, so a connection wakes one worker;
 * - libfcgi is given each connection as one that it had kept open;
 * - a timer ticks while there is work. When a request does not arrive, or a
 *   response is not read, within the limit, it shuts the connection down, which
 *   ends the blocked read or write. It costs no call per request;
 * - a connection serves one request: a web server that kept it open would hold
 *   a worker idle. */
#include "web/request.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "web/fastcgi.h"
#include "web/request_internal.h"

enum {
	ABOUT_CONNECTION = 4096 /* most bytes of such a record */
};

/* Read by the ticking timer; a process has one struct http. */
static volatile sig_atomic_t watched = -1; /* socket, -1: none */
static volatile sig_atomic_t ticks_left;
static volatile sig_atomic_t ticking;
static timer_t ticker;

static void start_ticker(void)
{
	const struct itimerspec every = { .it_interval = { .tv_sec = 1 },
					  .it_value = { .tv_sec = 1 } };

	ticking = 1;
	timer_settime(ticker, 0, &every, NULL);
}

static void stop_ticker(void)
{
	const struct itimerspec never = { .it_value = { .tv_sec = 0 } };

	ticking = 0;
	timer_settime(ticker, 0, &never, NULL);
}

static void on_tick(int signal)
{
	int kept = errno;

	(void)signal;
	if (watched < 0)
		stop_ticker();
	else if (ticks_left > 0 && --ticks_left == 0)
		shutdown(watched, SHUT_RDWR);
	errno = kept;
}

void http_watch(const struct http *http)
{
	if (http->listener < 0)
		return;
	ticks_left = http->timeout + 1;
	watched = http->request.ipcFd;
	if (!ticking)
		start_ticker();
}

void http_unwatch(void)
{
	watched = -1;
}

static _Noreturn void end_process(const char *what)
{
	logger(LEVEL_ERROR, "start", "why=\"%s: %s\"", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static bool is_listening(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
	       value;
}

bool http_is_cgi(void)
{
	/* A FastCGI program may have inherited these variables. */
	return getenv("GATEWAY_INTERFACE") && getenv("REQUEST_METHOD") &&
	       !is_listening(STDIN_FILENO);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void open_ticker(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGALRM };
	struct sigaction action = { .sa_handler = on_tick,
				    .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &ticker) < 0)
		end_process("timer");
}

static void watch_descriptor(const struct http *http, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (fd < 0 || epoll_ctl(http->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		end_process("epoll");
}

struct http *http_create(int listener, int timeout)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->listener = listener;
	http->timeout = timeout;
	request_ids_begin(&http->ids);
	http->epoll = http->signals = -1;
	signal(SIGPIPE, SIG_IGN);
	if (listener < 0)
		return http;
	/* For the connections that libfcgi closes itself. */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 1);
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "0", 1);
	if (FCGX_Init() != 0 || FCGX_InitRequest(&http->request, -1, 0) != 0)
		end_process("libfcgi");
	http->epoll = epoll_create1(EPOLL_CLOEXEC);
	http->signals = open_signals();
	watch_descriptor(http, http->signals, EPOLLIN);
	watch_descriptor(http, listener, EPOLLIN | EPOLLEXCLUSIVE);
	open_ticker();
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->epoll >= 0) {
		timer_delete(ticker);
		close(http->epoll);
		close(http->signals);
	}
	buf_free(&http->headers);
	buf_free(&http->path);
	free(http);
}

void http_every(struct http *http, int seconds, void (*task)(void *context),
		void *context)
{
	http->task = task;
	http->task_context = context;
	http->task_every = seconds;
	http->task_due = clock_ms();
}

/* Runs the task if it is due. Returns the ms until it is due next. */
static int run_task(struct http *http)
{
	int64_t left;

	if (!http->task)
		return -1;
	left = http->task_due - clock_ms();
	if (left <= 0) {
		http->task(http->task_context);
		left = http->task_every * 1000LL;
		http->task_due = clock_ms() + left;
	}
	return (int)left;
}

/* The next connection. -1 when it is time to stop: SIGTERM came, and no
 * connection is waiting any more or the socket was passed to us and outlives
 * us. */
static int next_connection(struct http *http)
{
	struct epoll_event events[2];
	int n, fd;

	for (;;) {
		n = epoll_wait(http->epoll, events, 2, run_task(http));
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == http->signals)
				http->stopping = true;
		if (http->stopping && http->listener == STDIN_FILENO)
			return -1;
		/* Another worker may have accepted it. */
		fd = n > 0 ? accept4(http->listener, NULL, NULL, SOCK_CLOEXEC)
			   : -1;
		if (fd >= 0 || http->stopping)
			return fd;
		/* No descriptors are left: don't spin. */
		if (n > 0 && (errno == EMFILE || errno == ENFILE))
			usleep(100000);
	}
}

void http_hang_up(struct http *http)
{
	http_unwatch();
	if (http->listener >= 0) {
		int fd = http->request.ipcFd;

		FCGX_Free(&http->request, 0);
		http->request.ipcFd = -1;
		if (fd >= 0)
			close(fd);
	}
	http->open = false;
	http->headers.len = 0;
	http->body = http->got;
	http->got = 0;
}

static void begin_request(struct http *http)
{
	http->open = true;
	http->status = 0;
	request_ids_next(&http->ids, http->request_id);
}

int http_last_status(const struct http *http)
{
	return http->status;
}

size_t http_last_body(const struct http *http)
{
	return http->body;
}

const char *http_request_id(const struct http *http)
{
	return http->request_id;
}

static bool read_whole(int fd, char *to, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, to, len, 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			to += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Reads and answers one record about the connection. */
static bool answer_record(int fd)
{
	char bytes[FASTCGI_HEADER + ABOUT_CONNECTION + UINT8_MAX];
	struct fastcgi_record record;
	struct buf answer = { 0 };
	bool ok;

	if (!read_whole(fd, bytes, FASTCGI_HEADER) ||
	    fastcgi_read(&record, bytes, FASTCGI_HEADER) == FASTCGI_MALFORMED ||
	    record.len > ABOUT_CONNECTION ||
	    !read_whole(fd, bytes + FASTCGI_HEADER,
			record.size - FASTCGI_HEADER))
		return false;
	fastcgi_answer(&answer, &record);
	ok = send(fd, answer.data, answer.len, MSG_NOSIGNAL) ==
	     (ssize_t)answer.len;
	buf_free(&answer);
	return ok;
}

/* Answers the records about the connection that come before a request. libfcgi
 * would wait for more input first, and its answer to many names overruns a
 * buffer. False: the connection is of no use. */
static bool answer_records(int fd)
{
	char start[2];

	for (;;) {
		ssize_t n = recv(fd, start, sizeof(start), MSG_PEEK);

		if (n < 0 && errno == EINTR)
			continue;
		/* A server sends these bytes at once. */
		if (n < 2)
			return false;
		if ((unsigned char)start[1] < FASTCGI_GET_VALUES)
			return true;
		if (!answer_record(fd))
			return false;
	}
}

bool http_accept(struct http *http)
{
	if (http->open)
		http_hang_up(http);
	if (http->listener < 0) {
		if (http->cgi_done)
			return false;
		http->cgi_done = true;
		begin_request(http);
		return true;
	}
	for (;;) {
		int fd = next_connection(http);

		if (fd < 0)
			return false;
		http->request.ipcFd = fd;
		http->request.keepConnection = 1;
		http_watch(http);
		/* On failure libfcgi closes the connection, and then finds no
		 * socket to accept another from. */
		if (answer_records(fd) && FCGX_Accept_r(&http->request) == 0)
			break;
		http_hang_up(http);
	}
	http_unwatch();
	begin_request(http);
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
	const char *script = http_param(http, "SCRIPT_NAME");
	const char *info = http_param(http, "PATH_INFO");
	const char *uri = http_param(http, "REQUEST_URI");
	const char *name;
	size_t len = strlen(mount);

	/* Web servers split the path between SCRIPT_NAME and PATH_INFO in
	 * different ways; the two joined are always the same. */
	http->path.len = 0;
	buf_add_text(&http->path, script ? script : "");
	buf_add_text(&http->path, info ? info : "");
	if (strncmp(buf_text(&http->path), mount, len) == 0) {
		buf_consume(&http->path, len);
	} else if (uri && strncmp(uri, mount, len) == 0) {
		http->path.len = 0;
		buf_add(&http->path, uri + len, strcspn(uri + len, "?#"));
	} else {
		/* Outside the mount point, as in a cgi-bin, the program's name
		 * starts the path. */
		name = script ? strrchr(script, '/') : NULL;
		if (name)
			buf_consume(&http->path, (size_t)(name + 1 - script));
	}
	return buf_text(&http->path);
}

size_t http_read_some(struct http *http, char *to, size_t len)
{
	ssize_t n;

	if (len > HTTP_CHUNK)
		len = HTTP_CHUNK;
	if (http->listener >= 0) {
		n = FCGX_GetStr(to, (int)len, http->request.in);
	} else {
		do
			n = read(STDIN_FILENO, to, len);
		while (n < 0 && errno == EINTR);
	}
	if (n > 0)
		http->got += (size_t)n;
	return n > 0 ? (size_t)n : 0;
}

long long http_length(struct http *http)
{
	const char *text = http_param(http, "CONTENT_LENGTH");
	size_t digits = text ? strspn(text, "0123456789") : 0;

	if (digits == 0 || digits > 18 || text[digits] != '\0')
		return http->listener < 0 ? 0 : HTTP_UNKNOWN_LENGTH;
	return strtoll(text, NULL, 10);
}

enum confab_error http_body(struct http *http, size_t limit, struct buf *out)
{
	long long length = http_length(http);
	size_t want = length >= 0 ? (size_t)length : limit + 1;
	size_t start = out->len, got = 0;

	if (length >= 0 && want > limit)
		return ERROR_TOO_LARGE;
	http_watch(http);
	while (got < want) {
		size_t n;

		buf_reserve(out, HTTP_CHUNK);
		n = http_read_some(http, out->data + out->len, want - got);
		if (n == 0)
			break;
		out->len += n;
		got += n;
	}
	http_unwatch();
	if (got > limit || got < want) {
		if (length < 0 && got <= limit)
			return ERROR_NONE;
		out->len = start;
		return got > limit ? ERROR_TOO_LARGE : ERROR_INVALID;
	}
	return ERROR_NONE;
}

ssize_t http_read(struct http *http, char *to, size_t len)
{
	long long length = http_length(http);
	bool broken;
	size_t n;

	if (length >= 0 && len > (size_t)length - http->got)
		len = (size_t)length - http->got;
	if (len == 0)
		return 0;
	http_watch(http);
	n = http_read_some(http, to, len);
	http_unwatch();
	/* Without a length the web server marks the end. */
	broken = length >= 0 || FCGX_GetError(http->request.in) != 0;
	return n == 0 && broken ? -1 : (ssize_t)n;
}

bool http_is_abandoned(const struct http *http)
{
	unsigned char head[FASTCGI_HEADER];
	ssize_t n;

	if (http->listener < 0)
		return false;
	n = recv(http->request.ipcFd, head, sizeof(head),
		 MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	return n == 0 || (n > 1 && head[1] == FASTCGI_ABORT);
}

void http_drop(struct http *http)
{
	http_hang_up(http);
}
