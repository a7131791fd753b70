/* command_client: a FastCGI client as a state machine on the loop. Owns the
 * calls. A cancelled call is still executed: the program would not notice that
 * its client has gone. */
#include "command_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/container.h"
#include "base/xalloc.h"
#include "web/fastcgi.h"
#include "web/overflow.h"

enum {
	ANSWER_LIMIT = 16 << 20, /* bytes */
	CONNECT_AGAIN = 10,      /* ms, while the program's backlog is full */
};

enum call_state {
	CALL_WAITING, /* in line */
	CALL_ASKING,  /* connected: sending and receiving */
};

struct command_call {
	TAILQ_ENTRY(command_call) link;
	struct command_client *client;
	enum call_state state;
	struct watch watch;
	struct timer timer; /* the limit */
	struct buf request; /* the part still to be sent */
	struct buf in;      /* received records */
	struct buf answer;  /* their STDOUT */
	bool sent;
	command_client_done *done; /* NULL: cancelled */
	void *context;
};

TAILQ_HEAD(call_list, command_call);

struct command_client {
	struct loop *loop;
	struct sockaddr_un address;
	unsigned most, asking;
	unsigned most_waiting, in_line;
	int64_t timeout;
	struct metric *waits, *refused;
	struct call_list waiting;
	struct timer again;
};

static void start_next(struct command_client *client);

/* The body of a response: it starts after the empty line of the head. */
static const char *body_of(const struct buf *answer, size_t *len)
{
	const char *p =
		answer->len ? memmem(answer->data, answer->len, "\r\n\r\n", 4)
			    : NULL;

	if (!p)
		return NULL;
	p += 4;
	*len = answer->len - (size_t)(p - answer->data);
	return p;
}

/* Whether the program refused the request without reading it. */
static bool is_refusal(const struct buf *answer, size_t body_len)
{
	return memmem(answer->data, answer->len - body_len, OVERFLOW_REFUSAL,
		      strlen(OVERFLOW_REFUSAL)) != NULL;
}

static void leave_line(struct command_call *call)
{
	struct command_client *client = call->client;

	TAILQ_REMOVE(&client->waiting, call, link);
	metric_set(client->waits, --client->in_line);
}

enum outcome {
	OUTCOME_MORE, /* the answer is still coming */
	OUTCOME_COMPLETE,
	OUTCOME_BROKEN
};

static void finish_call(struct command_call *call, enum outcome outcome)
{
	struct command_client *client = call->client;
	size_t len = 0;
	const char *body = outcome == OUTCOME_COMPLETE
				   ? body_of(&call->answer, &len)
				   : NULL;
	bool refused = body && is_refusal(&call->answer, len);

	if (call->state == CALL_WAITING) {
		leave_line(call);
	} else {
		client->asking--;
		loop_unwatch(client->loop, &call->watch);
		close(call->watch.fd);
	}
	loop_disarm(client->loop, &call->timer);
	if (call->done)
		call->done(call->context, refused ? NULL : body, len,
			   call->sent && !refused);
	buf_free(&call->request);
	buf_free(&call->in);
	buf_free(&call->answer);
	free(call);
	start_next(client);
}

static enum outcome take_records(struct command_call *call)
{
	struct fastcgi_record record;
	enum fastcgi_progress progress;
	enum outcome outcome = OUTCOME_MORE;
	size_t used = 0;

	while (outcome == OUTCOME_MORE &&
	       (progress = fastcgi_read(&record, call->in.data + used,
					call->in.len - used)) != FASTCGI_MORE) {
		if (progress == FASTCGI_MALFORMED ||
		    call->answer.len > ANSWER_LIMIT)
			return OUTCOME_BROKEN;
		if (record.type == FASTCGI_STDOUT)
			buf_add(&call->answer, record.content, record.len);
		if (record.type == FASTCGI_END)
			outcome = OUTCOME_COMPLETE;
		used += record.size;
	}
	buf_consume(&call->in, used);
	return outcome;
}

static enum outcome receive_answer(struct command_call *call)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(call->watch.fd, bytes, sizeof(bytes))) > 0) {
		enum outcome outcome;

		buf_add(&call->in, bytes, (size_t)n);
		outcome = take_records(call);
		if (outcome != OUTCOME_MORE)
			return outcome;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? OUTCOME_MORE
							    : OUTCOME_BROKEN;
}

static bool send_some(struct command_call *call)
{
	ssize_t n = send(call->watch.fd, call->request.data, call->request.len,
			 MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	call->sent = true;
	buf_consume(&call->request, (size_t)n);
	if (!call->request.len)
		loop_watch(call->client->loop, &call->watch, call->watch.fd,
			   EPOLLIN);
	return true;
}

static void socket_ready(struct watch *watch, uint32_t events)
{
	struct command_call *call =
		container_of(watch, struct command_call, watch);
	enum outcome outcome = OUTCOME_MORE;

	if (events & ~(uint32_t)EPOLLOUT)
		outcome = receive_answer(call);
	if (outcome == OUTCOME_MORE && call->request.len && !send_some(call))
		outcome = OUTCOME_BROKEN;
	if (outcome != OUTCOME_MORE)
		finish_call(call, outcome);
}

static void too_late(struct timer *timer)
{
	finish_call(container_of(timer, struct command_call, timer),
		    OUTCOME_BROKEN);
}

enum connected {
	CONNECTED,
	CONNECT_LATER,
	CONNECT_FAILED
};

static enum connected try_connect(struct command_call *call)
{
	struct command_client *client = call->client;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return CONNECT_LATER;
	if (connect(fd, (const struct sockaddr *)&client->address,
		    sizeof(client->address)) == 0) {
		loop_watch(client->loop, &call->watch, fd, EPOLLIN | EPOLLOUT);
		return CONNECTED;
	}
	error = errno;
	close(fd);
	return error == EAGAIN ? CONNECT_LATER : CONNECT_FAILED;
}

static void start_next(struct command_client *client)
{
	struct command_call *call;

	while (client->asking < client->most &&
	       (call = TAILQ_FIRST(&client->waiting))) {
		enum connected connected = try_connect(call);

		if (connected == CONNECT_LATER) {
			loop_arm(client->loop, &client->again, CONNECT_AGAIN);
			return;
		}
		if (connected == CONNECT_FAILED) {
			/* This starts the next call. */
			finish_call(call, OUTCOME_BROKEN);
			return;
		}
		leave_line(call);
		call->state = CALL_ASKING;
		client->asking++;
	}
}

static void again_fired(struct timer *timer)
{
	start_next(container_of(timer, struct command_client, again));
}

struct command_client *command_client_create(struct loop *loop,
					     const char *path, unsigned most,
					     unsigned most_waiting,
					     int64_t timeout,
					     struct metrics *metrics)
{
	struct command_client *client = xcalloc(1, sizeof(*client));

	client->loop = loop;
	client->most = most;
	client->most_waiting = most_waiting;
	client->timeout = timeout;
	client->waits = metrics_add(metrics, "questions_waiting", "%s", "");
	client->refused =
		metrics_add(metrics, "questions_refused_total", "%s", "");
	client->again.fire = again_fired;
	client->address.sun_family = AF_UNIX;
	strncpy(client->address.sun_path, path,
		sizeof(client->address.sun_path) - 1);
	TAILQ_INIT(&client->waiting);
	return client;
}

void command_client_free(struct command_client *client)
{
	if (!client)
		return;
	loop_disarm(client->loop, &client->again);
	free(client);
}

static void write_request(struct buf *out, const struct command_request *r)
{
	struct buf params = { 0 }, text = { 0 };

	fastcgi_begin(out, 1);
	fastcgi_pair(&params, "REQUEST_METHOD", "POST");
	fastcgi_pair(&params, "CONTENT_TYPE", "application/json");
	fastcgi_pair(&params, "CONFAB_VIA", "ws");
	fastcgi_pair(&params, "CONFAB_SESSION", r->session);
	fastcgi_pair(&params, "CONFAB_LOGIN", r->login);
	buf_addf(&text, "%zu", r->len);
	fastcgi_pair(&params, "CONTENT_LENGTH", buf_text(&text));
	if (r->address)
		fastcgi_pair(&params, "REMOTE_ADDR", r->address);
	if (r->said_to)
		fastcgi_pair(&params, "CONFAB_SAID_TO", r->said_to);
	fastcgi_write(out, FASTCGI_PARAMS, 1, params.data, params.len);
	fastcgi_write(out, FASTCGI_PARAMS, 1, NULL, 0);
	if (r->len)
		fastcgi_write(out, FASTCGI_STDIN, 1, r->body, r->len);
	fastcgi_write(out, FASTCGI_STDIN, 1, NULL, 0);
	buf_free(&params);
	buf_free(&text);
}

struct command_call *command_client_send(struct command_client *client,
					 const struct command_request *request,
					 command_client_done *done,
					 void *context)
{
	struct command_call *call = xcalloc(1, sizeof(*call));
	bool crowded;

	call->client = client;
	call->done = done;
	call->context = context;
	call->watch.ready = socket_ready;
	call->timer.fire = too_late;
	write_request(&call->request, request);
	TAILQ_INSERT_TAIL(&client->waiting, call, link);
	metric_set(client->waits, ++client->in_line);
	/* The line includes calls that start in the next turn. */
	crowded = client->in_line + client->asking >
		  client->most_waiting + client->most;
	metric_count(client->refused, crowded);
	/* Fail from the loop: done() must never come before this returns. */
	loop_arm(client->loop, &call->timer, crowded ? 0 : client->timeout);
	if (client->asking < client->most && !client->again.place)
		loop_arm(client->loop, &client->again, 0);
	return call;
}

void command_client_cancel(struct command_call *call)
{
	call->done = NULL;
}
