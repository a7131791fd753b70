/* socket: the life of one WebSocket. A handshake is always accepted; a client
 * that may not stay gets a close code. The commands of a socket run one at a
 * time and in order, and nothing is read while one is running. Runs on the
 * bridge's one thread.
 *
 * The hub and the program that runs commands call back in the middle of other
 * work, so only a socket's own events and timer free it. */
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/query.h"
#include "base/container.h"
#include "base/port.h"
#include "base/xalloc.h"
#include "direct.h"
#include "frame.h"
#include "handshake.h"
#include "log/dispatch.h"
#include "socket_internal.h"
#include "talk.h"

enum {
	PONG_TIMEOUT = 10000, /* ms */
	MUCH = 65536,         /* bytes that a client may take longer to read */
	GOODBYE = 3000,       /* ms for the client's answer to a CLOSE */
	READ = 16384,         /* bytes of one read */
	PART = 32768,         /* bytes gathered for one write, roughly */
	FRAMES_KEPT =
		65536,     /* bytes of scratch memory kept for the next write */
	HANDSHAKES = 1024, /* handshakes allowed beside the streams */
	CLOSE_POLICY = 1008
};

/* From now on it counts as a stream, not as a handshake. */
static void leave_handshake(struct socket *s)
{
	if (s->direct && s->bucket >= 0)
		direct_leave(s->direct, s->bucket);
	s->bucket = -1;
}

static void free_socket(struct socket *s)
{
	leave_handshake(s);
	socket_forget_commands(s);
	loop_disarm(s->sockets->loop, &s->timer);
	loop_unwatch(s->sockets->loop, &s->watch);
	link_close(&s->link);
	hub_close(&s->stream);
	stream_empty(&s->stream);
	reader_free(&s->reader);
	buf_free(&s->head);
	buf_free(&s->out);
	LIST_REMOVE(s, of_all);
	s->sockets->count--;
	free(s);
}

/* Whether the stream is being opened or a command is running. */
static bool is_busy(const struct socket *s)
{
	return s->stream.state == STREAM_OPENING || !STAILQ_EMPTY(&s->commands);
}

/* Whether to read from the client. A client gets the answer to a command before
 * it may send another, and it has to read the answers. */
static bool wants_bytes(const struct socket *s)
{
	return s->out.len < PART && (s->state != SOCKET_OPEN || !is_busy(s));
}

/* Watches for the events that matter now. When a client stops sending this is
 * reported once. */
static void wait_for_events(struct socket *s)
{
	uint32_t events =
		(s->out.len || s->link.wants_out ? (uint32_t)EPOLLOUT : 0U) |
		(wants_bytes(s) ? (uint32_t)EPOLLIN : 0U) |
		(s->is_half_closed ? 0U : (uint32_t)EPOLLRDHUP);

	if (s->watch.active && s->waits_for == events)
		return;
	s->waits_for = events;
	loop_watch(s->sockets->loop, &s->watch, s->link.fd, events);
}

/* Gives the client time for the answer to a CLOSE. A client that reads slowly
 * first gets the bytes that were sent before, as long as any other client
 * would. */
static void arm_goodbye(struct socket *s)
{
	loop_arm(s->sockets->loop, &s->timer,
		 s->out.len ? s->sockets->config->stall_timeout * 1000
			    : GOODBYE);
}

/* Ends the connection when the client ends it, too, or its time is over.
 * Closing while the client still sends would discard our last bytes. */
static void end_connection(struct socket *s)
{
	s->state = SOCKET_ENDING;
	hub_close(&s->stream);
	arm_goodbye(s);
	if (!s->out.len)
		link_end(&s->link);
	wait_for_events(s);
}

static void note_written(struct socket *s, size_t len)
{
	if (!len || s->is_pinged)
		return;
	s->unheard += len;
	s->wrote = loop_now(s->sockets->loop);
}

/* Sends bytes, and keeps the part that the connection does not accept. */
static void send_bytes(struct socket *s, const char *bytes, size_t len)
{
	ssize_t n = 0;

	if (!s->out.len)
		n = link_write(&s->link, bytes, len);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* The loop reports it, too. Until then nothing is kept. */
		end_connection(s);
		return;
	}
	if (n < 0)
		n = 0;
	note_written(s, (size_t)n);
	if ((size_t)n < len)
		buf_add(&s->out, bytes + n, len - (size_t)n);
	wait_for_events(s);
}

/* Sends the frames in the scratch buffer. */
static void send_frames(struct socket *s)
{
	struct buf *frames = &s->sockets->frames;

	send_bytes(s, frames->data, frames->len);
	if (frames->cap > FRAMES_KEPT)
		buf_free(frames);
	frames->len = 0;
}

/* Each write is PART bytes or a little more. */
void socket_send_waiting(struct socket *s)
{
	struct buf *frames = &s->sockets->frames;
	struct dispatch *d;

	while (!s->out.len && stream_peek(&s->stream)) {
		while (frames->len < PART && (d = stream_take(&s->stream))) {
			frame_add_text(frames, d->text + d->json_at,
				       d->json_len);
			dispatch_unref(d);
		}
		send_frames(s);
	}
}

void socket_close_with(struct socket *s, int code)
{
	if (s->state != SOCKET_OPEN)
		return;
	s->state = SOCKET_CLOSING;
	hub_close(&s->stream);
	frame_add_close(&s->sockets->frames, code);
	send_frames(s);
	arm_goodbye(s);
}

static void arm_beat(struct socket *s)
{
	loop_arm(s->sockets->loop, &s->timer, hub_heartbeat(s->sockets->hub));
}

/* Records that the client is alive. */
static void note_heard(struct socket *s)
{
	if (s->is_pinged && s->state == SOCKET_OPEN)
		arm_beat(s);
	s->is_pinged = false;
	s->unheard = 0;
}

/* Reads on. A PONG that has waited in the meantime is about to be read, and so
 * is the rest of a message. */
void socket_read_on(struct socket *s)
{
	s->begun = 0;
	if (s->is_pinged)
		loop_arm(s->sockets->loop, &s->timer, PONG_TIMEOUT);
	wait_for_events(s);
}

/* Whether a PONG should have come by now. Nothing is read while the stream is
 * opened or a command is under way. Much that was written before the PING may
 * still be on its way to the client. */
static bool is_overdue(const struct socket *s)
{
	const struct sockets *sockets = s->sockets;

	if (is_busy(s))
		return false;
	return s->unheard < MUCH ||
	       loop_now(sockets->loop) - s->wrote >
		       sockets->config->stall_timeout * 1000;
}

static void send_ping(struct socket *s)
{
	frame_add_ping(&s->sockets->frames);
	s->is_pinged = true;
	send_frames(s);
	if (s->state == SOCKET_OPEN)
		loop_arm(s->sockets->loop, &s->timer, PONG_TIMEOUT);
}

/* Sends a PING one heartbeat after the client was last heard, and closes the
 * socket when no answer came. */
static void check_heartbeat(struct socket *s)
{
	if (!s->is_pinged)
		send_ping(s);
	else if (!is_overdue(s))
		loop_arm(s->sockets->loop, &s->timer, PONG_TIMEOUT);
	else if (s->out.len)
		free_socket(s);
	else
		socket_close_with(s, END_SLOW);
}

static void timer_fired(struct timer *timer)
{
	struct socket *s = container_of(timer, struct socket, timer);

	if (s->state == SOCKET_OPEN)
		check_heartbeat(s);
	else
		free_socket(s);
}

static void on_opened(struct stream *stream)
{
	socket_read_on(container_of(stream, struct socket, stream));
}

static void on_refused(struct stream *stream, enum confab_error error,
		       const char *body)
{
	(void)body;
	socket_close_with(container_of(stream, struct socket, stream),
			  error == ERROR_UNAUTHENTICATED ? END_UNAUTHENTICATED
							 : END_OVERLOAD);
}

static void on_wake(struct stream *stream)
{
	socket_send_waiting(container_of(stream, struct socket, stream));
}

/* Answer a command that is under way first. */
static void on_end(struct stream *stream, enum stream_end why)
{
	struct socket *s = container_of(stream, struct socket, stream);

	if (why == END_RESTART && s->call)
		s->is_leaving = true;
	else
		socket_close_with(s, (int)why);
}

static const struct stream_ops STREAM_OPS = {
	.opened = on_opened,
	.refused = on_refused,
	.wake = on_wake,
	.end = on_end,
};

/* Opens the client's stream. The answer comes to on_opened() or
 * on_refused(). */
static void open_stream(struct socket *s, struct handshake *h, const char *id,
			enum stream_form form, int64_t peer)
{
	char since[128];
	const char *why;
	struct hub_request request = {
		.transport = TRANSPORT_WEBSOCKET,
		.is_plain = !h->protocol || strcmp(h->protocol, "confab.v1"),
		.form = form,
		.peer = peer,
		.param = handshake_param,
		.context = h,
		.id = id,
	};
	enum confab_error error;

	request.since = query_find(h->query, "since", since, sizeof(since));
	error = hub_admit(s->sockets->hub, &s->stream, &request, &why);
	if (error == ERROR_UNAVAILABLE || error == ERROR_RATE)
		socket_close_with(s, END_OVERLOAD);
	else if (error != ERROR_NONE)
		socket_close_with(s, END_UNAUTHENTICATED);
}

/* Reads frames. Their answers go out at once, in order. */
static void read_frames(struct socket *s, const char *bytes, size_t len)
{
	struct buf answers = { 0 };
	enum reader_status status;

	note_heard(s);
	socket_begin_period(s);
	s->reader.out = &answers;
	status = reader_feed(&s->reader, bytes, len);
	if (answers.len)
		send_bytes(s, answers.data, answers.len);
	buf_free(&answers);
	if (status == READER_CLOSED)
		end_connection(s);
	else if (socket_is_late(s, len) || socket_has_idled(s))
		socket_close_with(s, CLOSE_POLICY);
}

/* Answers a whole head, then reads the bytes after it. */
static void shake_hands(struct socket *s, struct handshake *h, int status)
{
	struct buf head = s->head, *frames = &s->sockets->frames;
	char id[REQUEST_ID_SIZE];
	enum stream_form form;
	int64_t peer;

	/* A port of our own has WebSockets and nothing else. */
	if (s->direct && h->target &&
	    !talk_is_path(s->sockets->config, h->target))
		status = 404;
	if (status == 101 && !talk_read(s->sockets->config, h, &form, &peer))
		status = 400;
	s->head = (struct buf){ 0 };
	request_ids_next(&s->sockets->ids, id);
	handshake_answer(frames, h, status, id);
	send_frames(s);
	leave_handshake(s);
	if (status == 101 && s->state == SOCKET_HANDSHAKE) {
		s->state = SOCKET_OPEN;
		memcpy(s->address, h->address, sizeof(s->address));
		arm_beat(s);
		open_stream(s, h, id, form, peer);
		if (head.len > h->size)
			read_frames(s, head.data + h->size, head.len - h->size);
	} else {
		end_connection(s);
	}
	buf_free(&head);
}

static void read_head(struct socket *s, const char *bytes, size_t len)
{
	struct handshake h;
	struct handshake_peer peer = { .is_tls = s->link.tls };
	int status;

	buf_add(&s->head, bytes, len);
	if (s->direct)
		port_peer(s->link.fd, peer.address);
	status = handshake_parse(&h, s->head.data, s->head.len,
				 s->sockets->config->trusted_proxies,
				 s->direct ? &peer : NULL);
	if (status)
		shake_hands(s, &h, status);
}

/* Reads once, so that every client has its turn. False when the connection is
 * broken or at its end. */
static bool receive_bytes(struct socket *s)
{
	char bytes[READ];
	ssize_t n;

	if (!wants_bytes(s))
		return true;
	n = link_read(&s->link, bytes, READ);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (s->state == SOCKET_HANDSHAKE)
		read_head(s, bytes, (size_t)n);
	else if (s->state != SOCKET_ENDING)
		read_frames(s, bytes, (size_t)n);
	return true;
}

/* Sends the kept bytes. False when the connection is broken. */
static bool send_kept(struct socket *s)
{
	ssize_t n = link_write(&s->link, s->out.data, s->out.len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	note_written(s, (size_t)n);
	buf_consume(&s->out, (size_t)n);
	if (s->out.len)
		return true;
	buf_free(&s->out);
	if (s->state == SOCKET_CLOSING || s->state == SOCKET_ENDING)
		arm_goodbye(s);
	if (s->state == SOCKET_ENDING)
		link_end(&s->link);
	else
		socket_send_waiting(s);
	wait_for_events(s);
	return true;
}

static void socket_ready(struct watch *watch, uint32_t events)
{
	struct socket *s = container_of(watch, struct socket, watch);

	if (events & (EPOLLERR | EPOLLHUP)) {
		free_socket(s);
		return;
	}
	if (events & EPOLLRDHUP)
		s->is_half_closed = true;
	/* TLS had to send before it could read on. */
	if (s->link.wants_out)
		events |= events & EPOLLOUT ? (uint32_t)EPOLLIN : 0U;
	if ((events & EPOLLOUT && s->out.len && !send_kept(s)) ||
	    (events & (EPOLLIN | EPOLLRDHUP) && !receive_bytes(s)))
		free_socket(s);
	else
		wait_for_events(s);
}

void socket_accept(struct sockets *sockets, int fd, struct direct *direct,
		   int bucket)
{
	struct socket *s;

	if ((int)sockets->count >= sockets->config->max_streams + HANDSHAKES) {
		close(fd);
		if (direct)
			direct_leave(direct, bucket);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->sockets = sockets;
	s->direct = direct;
	s->bucket = bucket;
	link_open(&s->link, fd, direct ? direct->tls : NULL);
	s->stream.ops = &STREAM_OPS;
	s->reader =
		(struct reader){ .handler = &SOCKET_COMMANDS,
				 .owner = s,
				 .limit = (size_t)sockets->config->max_body };
	STAILQ_INIT(&s->commands);
	s->watch.ready = socket_ready;
	s->timer.fire = timer_fired;
	LIST_INSERT_HEAD(&sockets->all, s, of_all);
	sockets->count++;
	loop_arm(sockets->loop, &s->timer,
		 sockets->config->request_timeout * 1000);
	wait_for_events(s);
}

void socket_close_all(struct sockets *sockets)
{
	while (!LIST_EMPTY(&sockets->all))
		free_socket(LIST_FIRST(&sockets->all));
}
