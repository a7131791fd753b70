/* connection: the life of one connection: read the request, ask the hub, write
 * what waits, and notice when the other side goes. Runs on the loop's thread.
 */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "auth/identity.h"
#include "auth/query.h"
#include "base/container.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "web/fastcgi.h"
#include "web/head.h"

enum {
	PARAMS_LIMIT = 65536,   /* bytes of one request's parameters */
	FINISH_TIMEOUT = 10000, /* ms for the last bytes */
};

static void set_state(struct held *held, enum held_state state)
{
	held->state = state;
}

static void destroy(struct held *held)
{
	bool keep_session = held->kind == &HELD_POLL;

	hub_close(&held->stream, keep_session);
	loop_disarm(held->shared->loop, &held->timer);
	loop_unwatch(held->shared->loop, &held->watch);
	close(held->watch.fd);
	buf_free(&held->in);
	buf_free(&held->params);
	buf_free(&held->out);
	LIST_REMOVE(held, of_all);
	held->shared->count--;
	free(held);
}

const char *held_param(void *context, const char *name)
{
	struct held *held = context;

	return fastcgi_value(&held->params, name);
}

static void watch_for(struct held *held, uint32_t events)
{
	loop_watch(held->shared->loop, &held->watch, held->watch.fd,
		   events | EPOLLIN | EPOLLRDHUP);
}

/* Writes what it can; false when the connection is broken. */
static bool write_some(struct held *held, const char *bytes, size_t len,
		       size_t *written)
{
	ssize_t n = write(held->watch.fd, bytes, len);

	*written = n > 0 ? (size_t)n : 0;
	if (n > 0)
		held->progress = loop_now(held->shared->loop);
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Sends wire bytes, after what still waits. A broken connection is not closed
 * here but when the loop reports it: the caller is in the middle of its own. */
static void send_wire(struct held *held, const struct buf *wire)
{
	size_t written = 0;

	if (!held->out.len)
		write_some(held, wire->data, wire->len, &written);
	if (written == wire->len)
		return;
	if (!held->out.len) {
		held->progress = loop_now(held->shared->loop);
		watch_for(held, EPOLLOUT);
	}
	buf_add(&held->out, wire->data + written, wire->len - written);
}

void held_write(struct held *held, const struct buf *content)
{
	struct buf *wire = &held->shared->wire;

	wire->len = 0;
	if (content->len)
		fastcgi_write(wire, FASTCGI_STDOUT, held->id, content->data,
			      content->len);
	send_wire(held, wire);
}

void held_finish(struct held *held)
{
	struct buf *wire = &held->shared->wire;

	wire->len = 0;
	fastcgi_write(wire, FASTCGI_STDOUT, held->id, NULL, 0);
	fastcgi_end(wire, held->id);
	send_wire(held, wire);
	hub_close(&held->stream, held->kind == &HELD_POLL);
	set_state(held, HELD_FINISHING);
	/* Closed from the timer: the caller may still look at it. */
	loop_arm(held->shared->loop, &held->timer,
		 held->out.len ? FINISH_TIMEOUT : 0);
}

/* Writes a whole response and ends it; the length is the body's. */
static void respond(struct held *held, struct head head, const struct buf *body)
{
	struct buf *content = &held->shared->content;

	content->len = 0;
	head.length = (long long)body->len;
	head_write(content, &head);
	buf_add(content, body->data, body->len);
	held_write(held, content);
	held_finish(held);
}

void held_respond(struct held *held, int status, const char *type,
		  const struct buf *body)
{
	respond(held, (struct head){ .status = status, .type = type }, body);
}

static void fail(struct held *held, enum confab_error error, struct buf *body)
{
	struct error_answer answer = error_answer(error, buf_text(body));

	respond(held,
		(struct head){ .status = answer.http_status,
			       .type = "application/json",
			       .retry_after = answer.retry_after },
		body);
}

void held_fail(struct held *held, enum confab_error error, const char *detail)
{
	struct buf body = { 0 };

	error_body(&body, error, detail);
	fail(held, error, &body);
	buf_free(&body);
}

static void on_opened(struct stream *stream)
{
	struct held *held = container_of(stream, struct held, stream);

	set_state(held, HELD_OPEN);
	held->kind->opened(held);
	buf_free(&held->params);
}

static void on_refused(struct stream *stream, enum confab_error error,
		       const char *body)
{
	struct held *held = container_of(stream, struct held, stream);
	struct buf made = { 0 };

	if (!body) {
		held_fail(held, error, NULL);
		return;
	}
	buf_add_text(&made, body);
	fail(held, error, &made);
	buf_free(&made);
}

static void on_wake(struct stream *stream)
{
	struct held *held = container_of(stream, struct held, stream);

	if (held->state == HELD_OPEN && !held->out.len)
		held->kind->wake(held);
}

static void on_end(struct stream *stream, enum stream_end why)
{
	struct held *held = container_of(stream, struct held, stream);

	if (held->state == HELD_OPEN)
		held->kind->end(held, why);
	else
		held_finish(held);
}

static const struct stream_ops STREAM_OPS = {
	.opened = on_opened,
	.refused = on_refused,
	.wake = on_wake,
	.end = on_end,
};

/* The last segment of the path: "events" of "/chat/events?since=…". */
static void request_name(struct held *held, char *out, size_t cap)
{
	const char *uri = held_param(held, "REQUEST_URI");
	const char *end, *start;

	if (!uri)
		uri = held_param(held, "SCRIPT_NAME");
	if (!uri)
		uri = "";
	end = uri + strcspn(uri, "?");
	for (start = end; start > uri && start[-1] != '/';)
		start--;
	if ((size_t)(end - start) >= cap)
		end = start;
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
}

static void open_stream(struct held *held)
{
	const char *query = held_param(held, "QUERY_STRING");
	const char *last_id = held_param(held, "HTTP_LAST_EVENT_ID");
	char since[128], session[64], agent[IDENTITY_TEXT],
		address[IDENTITY_TEXT];
	struct uuid unused;
	struct identity identity;
	enum confab_error error;
	const char *why;
	bool has_since = query_get(query, "since", since, sizeof(since));
	bool has_session =
		query_get(query, "session", session, sizeof(session)) &&
		uuid_parse(&unused, session);
	struct hub_request request = {
		.since = last_id && *last_id ? last_id
					     : (has_since ? since : NULL),
		.session = has_session ? session : NULL,
		.transport = held->kind->transport,
		.user_agent = identity_text(held_param, held, "HTTP_USER_AGENT",
					    agent),
		.address =
			identity_text(held_param, held, "REMOTE_ADDR", address),
		.identity = &identity,
	};

	identity_find_stream(&identity, held->shared->rules, held_param, held);
	error = identity_check(&identity, held->shared->config, IDENTITY_STREAM,
			       held_param, held, &why);
	if (error != ERROR_NONE) {
		identity_free(&identity);
		held_fail(held, error, why);
		return;
	}
	request.ready_frame = held->kind == &HELD_SSE || !request.since;
	request.notifications = request.ready_frame;
	set_state(held, HELD_OPENING);
	hub_open(held->shared->hub, &held->stream, &request);
	identity_free(&identity);
}

static void start(struct held *held)
{
	const char *method = held_param(held, "REQUEST_METHOD");
	struct held_shared *shared = held->shared;
	char name[16];

	loop_disarm(shared->loop, &held->timer);
	request_name(held, name, sizeof(name));
	if (!method || strcmp(method, "GET")) {
		respond(held,
			(struct head){ .status = 405,
				       .type = "application/json",
				       .allow = "GET" },
			&(struct buf){ 0 });
	} else if (held_report(held, name)) {
		return;
	} else if (strcmp(name, "events") && strcmp(name, "poll")) {
		held_fail(held, ERROR_NOT_FOUND, NULL);
	} else if ((int)hub_counts(shared->hub)->streams >=
		   shared->config->max_streams) {
		held_fail(held, ERROR_UNAVAILABLE, NULL);
	} else {
		held->kind = *name == 'e' ? &HELD_SSE : &HELD_POLL;
		open_stream(held);
	}
}

/* One record; false when the connection is to be closed. */
static bool take_record(struct held *held, const struct fastcgi_record *r)
{
	struct buf packed;

	if (r->type == FASTCGI_BEGIN && !held->id)
		held->id = r->id;
	if (r->type == FASTCGI_ABORT)
		return false;
	/* The request's end. Whoever closes before it cuts off a web server
	 * that is still sending it. */
	if (r->type == FASTCGI_STDIN && !r->len && held->params_end &&
	    held->state == HELD_READING)
		start(held);
	if (r->type != FASTCGI_PARAMS || held->params_end)
		return true;
	if (r->len) {
		buf_add(&held->params, r->content, r->len);
		return held->params.len <= PARAMS_LIMIT;
	}
	held->params_end = true;
	packed = held->params;
	held->params = (struct buf){ 0 };
	if (!held->id || !fastcgi_unpack(&held->params, &packed)) {
		buf_free(&packed);
		return false;
	}
	buf_free(&packed);
	return true;
}

/* False when the connection is to be closed. */
static bool take_input(struct held *held)
{
	struct fastcgi_record record;
	enum fastcgi_progress progress;
	size_t used = 0;

	while ((progress = fastcgi_read(&record, held->in.data + used,
					held->in.len - used)) ==
	       FASTCGI_RECORD) {
		if (!take_record(held, &record))
			return false;
		used += record.size;
	}
	buf_consume(&held->in, used);
	if (!held->in.len)
		buf_free(&held->in);
	return progress == FASTCGI_MORE;
}

/* Reads what has come; false when the other side is gone. */
static bool receive(struct held *held)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(held->watch.fd, bytes, sizeof(bytes))) > 0) {
		buf_add(&held->in, bytes, (size_t)n);
		if (!take_input(held))
			return false;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Sends what waits; false when the connection is broken or done. */
static bool send_rest(struct held *held)
{
	size_t written;

	if (!write_some(held, held->out.data, held->out.len, &written))
		return false;
	buf_consume(&held->out, written);
	if (held->out.len)
		return true;
	buf_free(&held->out);
	if (held->state == HELD_FINISHING)
		return false;
	watch_for(held, 0);
	if (held->state == HELD_OPEN)
		held->kind->wake(held);
	return true;
}

static void ready(struct watch *watch, uint32_t events)
{
	struct held *held = container_of(watch, struct held, watch);

	if (events & (EPOLLERR | EPOLLHUP)) {
		destroy(held);
		return;
	}
	if ((events & (EPOLLIN | EPOLLRDHUP) && !receive(held)) ||
	    (events & EPOLLOUT && held->out.len && !send_rest(held)))
		destroy(held);
}

static void timer_fired(struct timer *timer)
{
	struct held *held = container_of(timer, struct held, timer);

	if (held->state == HELD_OPEN)
		held->kind->timer(held);
	else
		destroy(held);
}

void held_accept(struct held_shared *shared, int fd)
{
	struct held *held = xcalloc(1, sizeof(*held));

	held->shared = shared;
	held->stream.ops = &STREAM_OPS;
	held->watch.ready = ready;
	held->timer.fire = timer_fired;
	LIST_INSERT_HEAD(&shared->all, held, of_all);
	shared->count++;
	loop_watch(shared->loop, &held->watch, fd, EPOLLIN | EPOLLRDHUP);
	loop_arm(shared->loop, &held->timer,
		 shared->config->request_timeout * 1000);
}

void held_close_all(struct held_shared *shared)
{
	while (!LIST_EMPTY(&shared->all))
		destroy(LIST_FIRST(&shared->all));
}
