/* swarm: takes orders on standard input, one a line, and answers each with one
 * line of JSON:
 *   open …       see swarm.h
 *   publish …    see swarm.h
 *   close        all clients, at once and without a farewell
 *   count        how many are open, and gone
 * Between orders it reads arriving bytes and answers pings. One thread. */
#include "swarm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

enum {
	BATCH = 512,
	ORDER = -1,   /* standard input, among the clients' numbers */
	SOURCES = 16, /* addresses, from 127.0.1.1 on */
	SLICE = 65536 /* bytes read from one client at a time */
};

struct swarm swarm = { .goal = -1 };

int64_t swarm_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void swarm_sort(int64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_times);
}

double swarm_percentile(const int64_t *sorted, size_t n, double share)
{
	size_t at = (size_t)((double)n * share);

	if (!n)
		return -1;
	return (double)sorted[at < n ? at : n - 1] / 1e6;
}

int swarm_connect(int port, int source)
{
	static const int yes = 1;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + 256 + (uint32_t)(source % SOURCES));
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (bind(fd, (void *)&from, sizeof(from)) == 0 &&
	    (connect(fd, (void *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static void lose_client(struct client *c)
{
	if (c->state == CLIENT_OPEN)
		swarm.open--;
	else
		swarm.asking--;
	c->state = CLIENT_GONE;
	close(c->fd);
	swarm.gone++;
}

static void on_marked(struct client *c, int64_t mark)
{
	if (c->role != ROLE_WATCHED || mark < 0 || mark >= MARKS)
		return;
	c->marks++;
	swarm.disordered += mark <= c->last_mark;
	c->last_mark = mark;
	if (mark == swarm.goal && !c->goal_at) {
		c->goal_at = swarm_clock();
		swarm.at_goal++;
	}
	if (mark < swarm.first || mark >= swarm.last)
		return;
	swarm.arrivals[mark]++;
	if (swarm.n_latencies < swarm.cap_latencies)
		swarm.latencies[swarm.n_latencies++] =
			swarm_clock() - swarm.sent_at[mark];
}

static void on_opened(struct client *c)
{
	swarm.asking--;
	swarm.open++;
	c->opened_at = swarm_clock();
	if (c->role == ROLE_DEAF)
		epoll_ctl(swarm.epoll, EPOLL_CTL_DEL, c->fd, NULL);
}

static void read_client(struct client *c)
{
	static char bytes[SLICE + 1];
	ssize_t n = read(c->fd, bytes, SLICE);

	if (n > 0) {
		bytes[n] = '\0';
		if (!client_take(c, &swarm.events, bytes, (size_t)n))
			lose_client(c);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		lose_client(c);
	}
}

static void take_order(void);

bool swarm_turn(int ms)
{
	struct epoll_event batch[BATCH];
	int n = epoll_wait(swarm.epoll, batch, BATCH, ms);

	for (int i = 0; i < n; i++) {
		struct client *c;

		if (batch[i].data.fd == ORDER) {
			/* It may have closed the clients of the remaining
			 * events. */
			take_order();
			return true;
		}
		if (batch[i].data.fd == SWARM_ANSWER)
			continue;
		c = &swarm.clients[batch[i].data.fd];
		if (c->state == CLIENT_CONNECTING)
			swarm_ask(c);
		else if (c->state != CLIENT_GONE)
			read_client(c);
	}
	return n > 0;
}

static void close_all(void)
{
	static const struct linger at_once = { .l_onoff = 1 };

	for (int i = 0; i < swarm.count; i++) {
		struct client *c = &swarm.clients[i];

		if (c->state == CLIENT_GONE)
			continue;
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof(at_once));
		close(c->fd);
	}
	memset(swarm.clients, 0, sizeof(*swarm.clients) * (size_t)swarm.count);
	swarm.count = swarm.open = swarm.asking = swarm.gone = 0;
	printf("{}\n");
}

static void answer_count(void)
{
	printf("{\"open\":%d,\"gone\":%d}\n", swarm.open, swarm.gone);
}

/* Orders that come while one is carried out wait in the pipe: the loop does not
 * watch it then. */
static void watch_orders(bool on)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = ORDER };

	epoll_ctl(swarm.epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, STDIN_FILENO,
		  &event);
}

static void take_order(void)
{
	char line[4096];
	size_t len = 0;

	while (len < sizeof(line) - 1 && read(STDIN_FILENO, line + len, 1) == 1)
		if (line[len++] == '\n')
			break;
	if (!len)
		exit(0);
	line[len] = '\0';
	watch_orders(false);
	if (!strncmp(line, "open ", 5))
		swarm_open(line + 5);
	else if (!strncmp(line, "publish ", 8))
		swarm_publish(line + 8);
	else if (!strcmp(line, "close\n"))
		close_all();
	else
		answer_count();
	watch_orders(true);
	fflush(stdout);
}

int main(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	swarm.epoll = epoll_create1(0);
	swarm.clients = xcalloc(MOST, sizeof(*swarm.clients));
	swarm.events.opened = on_opened;
	swarm.events.marked = on_marked;
	watch_orders(true);
	for (;;)
		swarm_turn(-1);
}
