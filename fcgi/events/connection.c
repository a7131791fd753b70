/* connection: the life of one connection: reads the request, asks the hub,
 * writes what waits, and notices when the other side closes. Runs on the loop's
 * thread. */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "auth/query.h"
#include "base/container.h"
#include "base/xalloc.h"
#include "web/fastcgi.h"

enum {
	PARAMS_LIMIT = 65536,   /* bytes of one request's parameters */
	FINISH_TIMEOUT = 10000, /* ms for the last bytes */
};

static void free_connection(struct connection *c)
{
	hub_close(&c->stream);
	loop_disarm(c->connections->loop, &c->timer);
	loop_unwatch(c->connections->loop, &c->watch);
	close(c->watch.fd);
	buf_free(&c->in);
	buf_free(&c->params);
	buf_free(&c->out);
	LIST_REMOVE(c, of_all);
	c->connections->count--;
	free(c);
}

const char *connection_param(void *context, const char *name)
{
	struct connection *c = context;

	return fastcgi_value(&c->params, name);
}

static void watch_for(struct connection *c, uint32_t events)
{
	loop_watch(c->connections->loop, &c->watch, c->watch.fd,
		   events | EPOLLIN | EPOLLRDHUP);
}

/* Writes as much as possible. False when the connection is broken. */
static bool write_some(struct connection *c, const char *bytes, size_t len,
		       size_t *written)
{
	ssize_t n = write(c->watch.fd, bytes, len);

	*written = n > 0 ? (size_t)n : 0;
	if (n > 0)
		c->progress = loop_now(c->connections->loop);
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Sends wire bytes after the ones that wait. Does not close a broken
 * connection, because the caller is still using it: the loop reports the fault
 * later. */
static void send_wire(struct connection *c, const struct buf *wire)
{
	size_t written = 0;

	if (!c->out.len)
		write_some(c, wire->data, wire->len, &written);
	if (written == wire->len)
		return;
	if (!c->out.len) {
		c->progress = loop_now(c->connections->loop);
		watch_for(c, EPOLLOUT);
	}
	buf_add(&c->out, wire->data + written, wire->len - written);
}

void connection_write(struct connection *c, const struct buf *content)
{
	struct buf *wire = &c->connections->wire;

	wire->len = 0;
	if (content->len)
		fastcgi_write(wire, FASTCGI_STDOUT, c->id, content->data,
			      content->len);
	send_wire(c, wire);
}

void connection_finish(struct connection *c)
{
	struct buf *wire = &c->connections->wire;

	wire->len = 0;
	fastcgi_write(wire, FASTCGI_STDOUT, c->id, NULL, 0);
	fastcgi_end(wire, c->id);
	send_wire(c, wire);
	hub_close(&c->stream);
	c->state = CONNECTION_FINISHING;
	/* Close from the timer: the caller may still use it. */
	loop_arm(c->connections->loop, &c->timer,
		 c->out.len ? FINISH_TIMEOUT : 0);
}

void connection_start(struct connection *c, struct head head, const char *first,
		      size_t len)
{
	struct buf *content = &c->connections->content;

	content->len = 0;
	head.request_id = c->request_id;
	head_write(content, &head);
	buf_add(content, first, len);
	connection_write(c, content);
}

/* Writes a whole response and ends it. The length is the body's. */
static void write_response(struct connection *c, struct head head,
			   const struct buf *body)
{
	head.length = (long long)body->len;
	connection_start(c, head, body->data, body->len);
	connection_finish(c);
}

void connection_respond(struct connection *c, int status, const char *type,
			const struct buf *body)
{
	write_response(c, (struct head){ .status = status, .type = type },
		       body);
}

static void fail_request(struct connection *c, enum confab_error error,
			 struct buf *body)
{
	struct error_answer answer = error_answer(error, buf_text(body));

	write_response(c,
		       (struct head){ .status = answer.http_status,
				      .type = "application/json",
				      .retry_after = answer.retry_after },
		       body);
}

void connection_fail(struct connection *c, enum confab_error error,
		     const char *detail)
{
	struct buf body = { 0 };

	error_body(&body, error, detail);
	fail_request(c, error, &body);
	buf_free(&body);
}

static void on_opened(struct stream *stream)
{
	struct connection *c = container_of(stream, struct connection, stream);

	c->state = CONNECTION_OPEN;
	c->kind->opened(c);
	buf_free(&c->params);
}

static void on_refused(struct stream *stream, enum confab_error error,
		       const char *body)
{
	struct connection *c = container_of(stream, struct connection, stream);
	struct buf made = { 0 };

	if (!body) {
		connection_fail(c, error, NULL);
		return;
	}
	buf_add_text(&made, body);
	fail_request(c, error, &made);
	buf_free(&made);
}

static void on_wake(struct stream *stream)
{
	struct connection *c = container_of(stream, struct connection, stream);

	if (c->state == CONNECTION_OPEN && !c->out.len)
		c->kind->wake(c);
}

static void on_end(struct stream *stream, enum stream_end why)
{
	struct connection *c = container_of(stream, struct connection, stream);

	if (c->state == CONNECTION_OPEN)
		c->kind->end(c, why);
	else
		connection_finish(c);
}

static const struct stream_ops STREAM_OPS = {
	.opened = on_opened,
	.refused = on_refused,
	.wake = on_wake,
	.end = on_end,
};

/* The last segment of the path: "events" of "/chat/events?since=…". */
static void request_name(struct connection *c, char *out, size_t cap)
{
	const char *uri = connection_param(c, "REQUEST_URI");
	const char *end, *start;

	if (!uri)
		uri = connection_param(c, "SCRIPT_NAME");
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

static void open_stream(struct connection *c)
{
	const char *query = connection_param(c, "QUERY_STRING");
	const char *last_id = connection_param(c, "HTTP_LAST_EVENT_ID");
	const char *why;
	char since[128], session[64];
	struct uuid unused;
	enum confab_error error;
	struct hub_request request = {
		.transport = c->kind->transport,
		.param = connection_param,
		.context = c,
		.id = c->request_id,
	};

	request.since = last_id && *last_id ? last_id
					    : query_find(query, "since", since,
							 sizeof(since));
	if (query_get(query, "session", session, sizeof(session)) &&
	    uuid_parse(&unused, session))
		request.session = session;
	if (!form_read(query, &request.form)) {
		connection_fail(c, ERROR_INVALID, "payload can only be id.");
		return;
	}
	if (c->kind->check && (why = c->kind->check(c))) {
		connection_fail(c, ERROR_INVALID, why);
		return;
	}
	c->state = CONNECTION_OPENING;
	error = hub_admit(c->connections->hub, &c->stream, &request, &why);
	if (error != ERROR_NONE)
		connection_fail(c, error, why);
}

/* The kind of stream at a path's last part; NULL: none. */
static const struct connection_kind *kind_of(const char *name)
{
	static const struct connection_kind *const kinds[] = {
		&CONNECTION_SSE, &CONNECTION_POLL
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(name, kinds[i]->path))
			return kinds[i];
	return NULL;
}

static void start_request(struct connection *c)
{
	const char *method = connection_param(c, "REQUEST_METHOD");
	struct connections *all = c->connections;
	char name[16];

	loop_disarm(all->loop, &c->timer);
	request_ids_next(&all->ids, c->request_id);
	request_name(c, name, sizeof(name));
	if (!method || strcmp(method, "GET")) {
		write_response(c,
			       (struct head){ .status = 405,
					      .type = "application/json",
					      .allow = "GET" },
			       &(struct buf){ 0 });
	} else if (connection_report(c, name)) {
		return;
	} else if (!(c->kind = kind_of(name))) {
		connection_fail(c, ERROR_NOT_FOUND, NULL);
	} else if (all->takes_no_streams && c->kind != &CONNECTION_POLL) {
		connection_fail(c, ERROR_UNAVAILABLE, NULL);
	} else {
		open_stream(c);
	}
}

/* Answers a record about the connection. False when its answers are not
 * read. */
static bool answer_record(struct connection *c, const struct fastcgi_record *r)
{
	struct buf *wire = &c->connections->wire;

	wire->len = 0;
	fastcgi_answer(wire, r);
	send_wire(c, wire);
	return c->out.len <= PARAMS_LIMIT;
}

/* Takes one record. False when the connection is to be closed. */
static bool take_record(struct connection *c, const struct fastcgi_record *r)
{
	struct buf packed;

	if (r->type >= FASTCGI_GET_VALUES)
		return answer_record(c, r);
	if (r->type == FASTCGI_BEGIN && !c->id)
		c->id = r->id;
	if (r->type == FASTCGI_ABORT)
		return false;
	/* The request's end. Closing before it would cut off a web server that
	 * is still sending. */
	if (r->type == FASTCGI_STDIN && !r->len && c->params_end &&
	    c->state == CONNECTION_READING)
		start_request(c);
	if (r->type != FASTCGI_PARAMS || c->params_end)
		return true;
	if (r->len) {
		buf_add(&c->params, r->content, r->len);
		return c->params.len <= PARAMS_LIMIT;
	}
	c->params_end = true;
	packed = c->params;
	c->params = (struct buf){ 0 };
	if (!c->id || !fastcgi_unpack(&c->params, &packed)) {
		buf_free(&packed);
		return false;
	}
	buf_free(&packed);
	return true;
}

/* Takes all whole records. False when the connection is to be closed. */
static bool take_input(struct connection *c)
{
	struct fastcgi_record record;
	enum fastcgi_progress progress;
	size_t used = 0;

	while ((progress = fastcgi_read(&record, c->in.data + used,
					c->in.len - used)) == FASTCGI_RECORD) {
		if (!take_record(c, &record))
			return false;
		used += record.size;
	}
	buf_consume(&c->in, used);
	if (!c->in.len)
		buf_free(&c->in);
	return progress == FASTCGI_MORE;
}

/* Reads the bytes that have come. False when the other side has closed. */
static bool receive_bytes(struct connection *c)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(c->watch.fd, bytes, sizeof(bytes))) > 0) {
		buf_add(&c->in, bytes, (size_t)n);
		if (!take_input(c))
			return false;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Sends what waits. False when the connection is broken or finished. */
static bool send_rest(struct connection *c)
{
	size_t written;

	if (!write_some(c, c->out.data, c->out.len, &written))
		return false;
	buf_consume(&c->out, written);
	if (c->out.len)
		return true;
	buf_free(&c->out);
	if (c->state == CONNECTION_FINISHING)
		return false;
	watch_for(c, 0);
	if (c->state == CONNECTION_OPEN)
		c->kind->wake(c);
	return true;
}

static void socket_ready(struct watch *watch, uint32_t events)
{
	struct connection *c = container_of(watch, struct connection, watch);

	if (events & (EPOLLERR | EPOLLHUP)) {
		free_connection(c);
		return;
	}
	if ((events & (EPOLLIN | EPOLLRDHUP) && !receive_bytes(c)) ||
	    (events & EPOLLOUT && c->out.len && !send_rest(c)))
		free_connection(c);
}

static void timer_fired(struct timer *timer)
{
	struct connection *c = container_of(timer, struct connection, timer);

	if (c->state == CONNECTION_OPEN)
		c->kind->timer(c);
	else
		free_connection(c);
}

void connection_accept(struct connections *all, int fd)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->connections = all;
	c->stream.ops = &STREAM_OPS;
	c->watch.ready = socket_ready;
	c->timer.fire = timer_fired;
	LIST_INSERT_HEAD(&all->all, c, of_all);
	all->count++;
	loop_watch(all->loop, &c->watch, fd, EPOLLIN | EPOLLRDHUP);
	loop_arm(all->loop, &c->timer, all->config->request_timeout * 1000);
}

void connection_close_all(struct connections *all)
{
	while (!LIST_EMPTY(&all->all))
		free_connection(LIST_FIRST(&all->all));
}
