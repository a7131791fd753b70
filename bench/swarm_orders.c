/* swarm_orders: opens clients and publishes to them. Called by swarm.c; owns
 * the requests that it sends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "swarm.h"

enum {
	DEPTH_MOST = 64,
	SMALL = 4096, /* bytes that the kernel buffers for a client that does
			 not read */
};

static const int64_t PATIENCE = 120000000000; /* ns, limit of one order */

static char *read_file(const char *path)
{
	struct buf text = { 0 };
	char bytes[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&text, bytes, (size_t)n);
	close(fd);
	return xstrdup(buf_text(&text));
}

struct opening {
	char role[16], kind[16], ports[128], path[256], tokens_file[512];
	char ready[64];
	int count, at_once;
	long long goal;
	char *tokens, *token; /* one a line */
	const char *port;     /* of the next client */
	int done;
};

/* The opening under way. Clients keep asking until it is complete. */
static struct opening opening;

void swarm_ask(struct client *c)
{
	const struct opening *o = &opening;
	struct epoll_event event = { .events = EPOLLIN,
				     .data.fd = (int)(c - swarm.clients) };
	struct buf request = { 0 };
	bool websocket = !strcmp(o->kind, "websocket");

	buf_addf(&request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", o->path,
		 c->port);
	if (c->token)
		buf_addf(&request, "Authorization: Bearer %.*s\r\n",
			 (int)strcspn(c->token, "\n"), c->token);
	if (websocket)
		buf_add_text(&request,
			     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Version: 13\r\n"
			     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	else
		buf_add_text(&request, "Accept: text/event-stream\r\n");
	if (websocket && c->token)
		buf_add_text(&request, "Sec-WebSocket-Protocol: confab.v1\r\n");
	buf_add_text(&request, "\r\n");
	c->state = CLIENT_ASKING;
	epoll_ctl(swarm.epoll, EPOLL_CTL_MOD, c->fd, &event);
	/* A failed write shows at the next read. */
	if (write(c->fd, request.data, request.len) < 0 && errno != ENOTCONN &&
	    errno != EPIPE && errno != ECONNREFUSED)
		perror("request");
	buf_free(&request);
}

static const char *next_token(struct opening *o)
{
	const char *token = o->token;

	if (!token)
		return NULL;
	o->token += strcspn(o->token, "\n");
	o->token += *o->token == '\n';
	if (!*o->token)
		o->token = o->tokens;
	return token;
}

static int next_port(struct opening *o)
{
	int port = atoi(o->port);

	o->port += strcspn(o->port, ",");
	o->port = *o->port ? o->port + 1 : o->ports;
	return port;
}

static enum client_role role_named(const char *name)
{
	if (!strcmp(name, "watched"))
		return ROLE_WATCHED;
	return !strcmp(name, "deaf") ? ROLE_DEAF : ROLE_READING;
}

static bool start_client(struct opening *o)
{
	struct client *c = &swarm.clients[swarm.count];
	struct epoll_event event = { .events = EPOLLOUT,
				     .data.fd = swarm.count };
	int port = next_port(o), fd = swarm_connect(port, o->done);
	int small = SMALL;

	if (fd < 0)
		return false;
	*c = (struct client){ .fd = fd,
			      .port = port,
			      .token = next_token(o),
			      .state = CLIENT_CONNECTING,
			      .role = role_named(o->role),
			      .last_mark = -1 };
	if (c->role == ROLE_DEAF)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	epoll_ctl(swarm.epoll, EPOLL_CTL_ADD, fd, &event);
	swarm.count++;
	swarm.asking++;
	o->done++;
	return true;
}

/* Prints ",NAME_p50":…,",NAME_p99":… of these times. */
static void print_moments(const char *name, int64_t *at, size_t n)
{
	swarm_sort(at, n);
	printf(",\"%s_n\":%zu,\"%s_p50\":%.2f,\"%s_p99\":%.2f,"
	       "\"%s_last\":%.2f",
	       name, n, name, swarm_percentile(at, n, 0.5), name,
	       swarm_percentile(at, n, 0.99), name, swarm_percentile(at, n, 1));
}

static void answer_open(int first, int64_t began)
{
	size_t count = (size_t)(swarm.count - first);
	int64_t *opened = xcalloc(count + 1, sizeof(*opened));
	int64_t *caught_up = xcalloc(count + 1, sizeof(*caught_up));
	size_t n_opened = 0, n_caught_up = 0;
	uint64_t marks = 0;

	for (int i = first; i < swarm.count; i++) {
		const struct client *c = &swarm.clients[i];

		marks += c->marks;
		if (c->opened_at)
			opened[n_opened++] = c->opened_at - began;
		if (c->goal_at)
			caught_up[n_caught_up++] = c->goal_at - began;
	}
	printf("{\"open\":%d,\"gone\":%d,\"marks\":%llu,\"disordered\":%llu",
	       swarm.open, swarm.gone, (unsigned long long)marks,
	       (unsigned long long)swarm.disordered);
	print_moments("opened", opened, n_opened);
	print_moments("caught_up", caught_up, n_caught_up);
	printf("}\n");
	free(opened);
	free(caught_up);
}

void swarm_open(const char *line)
{
	struct opening *o = &opening;
	int first = swarm.count, gone = swarm.gone;
	int64_t began = swarm_clock();

	memset(o, 0, sizeof(*o));
	if (sscanf(line, "%15s %15s %d %127s %d %lld %255s %511s %63s", o->role,
		   o->kind, &o->count, o->ports, &o->at_once, &o->goal, o->path,
		   o->tokens_file, o->ready) < 8 ||
	    swarm.count + o->count > MOST) {
		printf("{\"error\":\"open\"}\n");
		return;
	}
	if (strcmp(o->tokens_file, "-") != 0)
		o->tokens = o->token = read_file(o->tokens_file);
	o->port = o->ports;
	swarm.events.ready = o->ready;
	swarm.goal = o->goal;
	swarm.at_goal = 0;
	swarm.disordered = 0;
	while (swarm_clock() - began < PATIENCE) {
		while (o->done < o->count && swarm.asking < o->at_once &&
		       start_client(o))
			;
		if (o->done == o->count &&
		    (o->goal < 0
			     ? swarm.asking == 0
			     : swarm.at_goal + swarm.gone - gone >= o->count))
			break;
		swarm_turn(100);
	}
	answer_open(first, began);
	free(o->tokens);
	o->token = o->tokens = NULL;
}

/* One request under way, on its own connection. */
struct slot {
	int fd, mark;
	bool answered;
};

struct publishing {
	int count, depth, readers, port;
	char *request, *place; /* of its mark */
	struct slot slots[DEPTH_MOST];
	int refused;
	int64_t last_arrival;
};

static void send_next(struct publishing *p, struct slot *slot)
{
	size_t len = strlen(p->request);
	char digits[MARK_LENGTH + 16];
	struct pollfd connected;
	struct epoll_event event = { .events = EPOLLIN,
				     .data.fd = SWARM_ANSWER };

	slot->mark = swarm.last++;
	slot->answered = false;
	snprintf(digits, sizeof(digits), "mark-%010d.", slot->mark);
	memcpy(p->place, digits, MARK_LENGTH);
	swarm.sent_at[slot->mark] = swarm_clock();
	slot->fd = swarm_connect(p->port, slot->mark);
	if (slot->fd < 0) {
		p->refused++;
		slot->answered = true;
		return;
	}
	connected = (struct pollfd){ .fd = slot->fd, .events = POLLOUT };
	poll(&connected, 1, 5000);
	if (write(slot->fd, p->request, len) != (ssize_t)len)
		perror("publish");
	epoll_ctl(swarm.epoll, EPOLL_CTL_ADD, slot->fd, &event);
}

static void read_answer(struct publishing *p, struct slot *slot)
{
	char bytes[65536];
	ssize_t n = read(slot->fd, bytes, sizeof(bytes));

	if (n < 0 && errno == EAGAIN)
		return;
	p->refused += n < 0;
	if (n > 12 && !memcmp(bytes, "HTTP/1.", 7))
		p->refused += bytes[9] != '2';
	if (n > 0)
		return;
	close(slot->fd);
	slot->fd = -1;
	slot->answered = true;
}

/* True when all of its requests were sent, answered and received. */
static bool look_at_slots(struct publishing *p)
{
	bool done = true;

	for (int i = 0; i < p->depth; i++) {
		struct slot *slot = &p->slots[i];

		if (slot->mark >= 0 && !slot->answered)
			read_answer(p, slot);
		if (slot->mark >= 0 &&
		    (!slot->answered ||
		     swarm.arrivals[slot->mark] < p->readers)) {
			done = false;
			continue;
		}
		slot->mark = -1;
		if (swarm.last - swarm.first < p->count) {
			send_next(p, slot);
			done = false;
		}
	}
	return done;
}

static void answer_publish(const struct publishing *p, int64_t began,
			   int64_t ended)
{
	double seconds = (double)(ended - began) / 1e9;
	long long due = (long long)p->count * p->readers;

	swarm_sort(swarm.latencies, swarm.n_latencies);
	printf("{\"deliveries\":%zu,\"missing\":%lld,\"refused\":%d,"
	       "\"disordered\":%llu,\"seconds\":%.3f,\"rate\":%.0f,"
	       "\"p50\":%.3f,\"p99\":%.3f}\n",
	       swarm.n_latencies, due - (long long)swarm.n_latencies,
	       p->refused, (unsigned long long)swarm.disordered, seconds,
	       (double)swarm.n_latencies / seconds,
	       swarm_percentile(swarm.latencies, swarm.n_latencies, 0.5),
	       swarm_percentile(swarm.latencies, swarm.n_latencies, 0.99));
}

void swarm_publish(const char *line)
{
	struct publishing p = { 0 };
	char path[512];
	int64_t began = swarm_clock();

	if (sscanf(line, "%d %d %d %d %511s", &p.count, &p.depth, &p.readers,
		   &p.port, path) != 5 ||
	    p.depth > DEPTH_MOST || swarm.last + p.count > MARKS) {
		printf("{\"error\":\"publish\"}\n");
		return;
	}
	p.request = read_file(path);
	p.place = strstr(p.request, "mark-0000000000.");
	swarm.cap_latencies = (size_t)p.count * (size_t)p.readers;
	swarm.latencies =
		xcalloc(swarm.cap_latencies + 1, sizeof(*swarm.latencies));
	swarm.n_latencies = 0;
	swarm.disordered = 0;
	swarm.first = swarm.last;
	for (int i = 0; i < p.depth; i++)
		p.slots[i].mark = -1;
	while (p.place && !look_at_slots(&p) &&
	       swarm_clock() - began < PATIENCE)
		swarm_turn(1);
	answer_publish(&p, began, swarm_clock());
	free(swarm.latencies);
	swarm.cap_latencies = 0;
	free(p.request);
}
