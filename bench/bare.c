/* bare: the lower bound for measurements of delivery: a loop that only writes
 * the body of each POST to everybody who has sent a GET, as an event or as a
 * WebSocket frame, in one write each. It checks nothing, keeps nothing, and
 * loses what a client does not take at once.
 *   bare PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

enum {
	MOST = 65536, /* descriptors */
	BATCH = 512,
	BACKLOG = 4096
};

enum kind {
	KIND_NONE,
	KIND_SSE,
	KIND_WEBSOCKET
};

static struct buf inputs[MOST];
static enum kind kinds[MOST];
static int reader_at[MOST], readers[MOST], n_readers, epoll;

static void drop_client(int fd)
{
	if (kinds[fd]) {
		int last = readers[--n_readers];

		readers[reader_at[fd]] = last;
		reader_at[last] = reader_at[fd];
	}
	kinds[fd] = KIND_NONE;
	buf_free(&inputs[fd]);
	close(fd);
}

static void add_reader(int fd, enum kind kind)
{
	static const char sse[] = "HTTP/1.1 200 OK\r\n"
				  "Content-Type: text/event-stream\r\n\r\n";
	static const char websocket[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\n\r\n";
	const char *head = kind == KIND_SSE ? sse : websocket;

	kinds[fd] = kind;
	reader_at[fd] = n_readers;
	readers[n_readers++] = fd;
	buf_free(&inputs[fd]);
	if (write(fd, head, strlen(head)) < 0)
		perror("write");
}

static void write_to_all(const char *body, size_t len)
{
	struct buf event = { 0 }, frame = { 0 };
	char head[] = { (char)0x81, 126, (char)(len >> 8), (char)len };

	buf_add_text(&event, "data: ");
	buf_add(&event, body, len);
	buf_add_text(&event, "\n\n");
	buf_add(&frame, head, sizeof(head));
	buf_add(&frame, body, len);
	for (int i = 0; i < n_readers; i++) {
		int fd = readers[i];
		struct buf *b = kinds[fd] == KIND_SSE ? &event : &frame;

		if (write(fd, b->data, b->len) < 0 && errno != EAGAIN &&
		    errno != EPIPE && errno != ECONNRESET)
			perror("write");
	}
	buf_free(&event);
	buf_free(&frame);
}

/* Answers a POST whose body has arrived, and discards it. */
static bool take_post(int fd)
{
	static const char done[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	const char *text = buf_text(&inputs[fd]);
	const char *body = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");
	size_t len = length ? strtoul(length + 16, NULL, 10) : 0;

	if (!body || (size_t)(text + inputs[fd].len - body - 4) < len)
		return true;
	write_to_all(body + 4, len);
	if (write(fd, done, sizeof(done) - 1) < 0)
		perror("write");
	return false;
}

/* False: the connection is to be closed. */
static bool receive_bytes(int fd)
{
	char bytes[65536];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	const char *text;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	if (kinds[fd])
		return true;
	buf_add(&inputs[fd], bytes, (size_t)n);
	text = buf_text(&inputs[fd]);
	if (*text == 'P')
		return take_post(fd);
	if (strstr(text, "\r\n\r\n"))
		add_reader(fd, strstr(text, "Upgrade:") ? KIND_WEBSOCKET
							: KIND_SSE);
	return true;
}

static void accept_all(int listener)
{
	static const int yes = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		if (fd >= MOST) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static int listen_at(int port)
{
	static const int yes = 1;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (void *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct epoll_event batch[BATCH];
	int listener = listen_at(argc > 1 ? atoi(argv[1]) : 0);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, batch, BATCH, -1);

		for (int i = 0; i < n; i++) {
			int fd = batch[i].data.fd;

			if (fd == listener)
				accept_all(listener);
			else if (!receive_bytes(fd))
				drop_client(fd);
		}
	}
}
