/* socket: the life of one WebSocket. The upgrade is always accepted; who may
 * not stay is told by a close code. Commands of one socket are carried out one
 * at a time, in order: while one is under way nothing more is read from it.
 * Runs on the bridge's one thread. */
#include "socket.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "frame.h"
#include "handshake.h"
#include "log/dispatch.h"

enum {
	CLOSE_TOO_LARGE = 1009,
	PONG_TIMEOUT = 10000, /* ms */
	PART = 32768,         /* bytes gathered for one write, about */
	FRAMES_KEPT = 65536   /* bytes of memory for the next */
};

struct socket {
	struct stream stream;
	struct bridge *bridge;
	struct lws *wsi;
	char address[64];
	bool versioned; /* subprotocol confab.v1 */
	bool binary;    /* the message that is arriving */
	bool leaving;   /* is to be told to come back, after the answer */
	int closing;    /* close code to be sent, or 0 */
	bool pinging;   /* a PING is to be sent */
	bool pinged;    /* and something is to come back */
	int64_t wrote;  /* loop_now() when bytes went out before that */
	struct timer beat;
	struct buf message;
	struct command_call *call;
};

static void ask_to_write(struct socket *s)
{
	lws_callback_on_writable(s->wsi);
}

static void close_with(struct socket *s, int code)
{
	if (!s->closing)
		s->closing = code;
	ask_to_write(s);
}

static void arm_beat(struct socket *s)
{
	loop_arm(s->bridge->loop, &s->beat, hub_heartbeat(s->bridge->hub));
}

static void note_heard(struct socket *s)
{
	if (s->pinged)
		arm_beat(s);
	s->pinged = s->pinging = false;
}

/* Reads on. A PONG that has waited for that is about to be heard. */
static void listen_again(struct socket *s)
{
	lws_rx_flow_control(s->wsi, 1);
	if (s->pinged)
		loop_arm(s->bridge->loop, &s->beat, PONG_TIMEOUT);
}

/* Whether a PONG would be here by now: nothing is read while the stream is
 * opened or a command is under way, and what was written before the PING may
 * still be on its way to the client. */
static bool is_overdue(const struct socket *s)
{
	const struct bridge *bridge = s->bridge;
	bool opening = s->stream.hub && s->stream.state == STREAM_OPENING;

	return !opening && !s->call &&
	       loop_now(bridge->loop) - s->wrote >
		       bridge->config->stall_timeout * 1000;
}

/* A heartbeat after it was last heard: is it still there? And later: it is
 * not. */
static void on_beat(struct timer *timer)
{
	struct socket *s = container_of(timer, struct socket, beat);

	if (s->pinged && is_overdue(s)) {
		lws_set_timeout(s->wsi, PENDING_TIMEOUT_WS_PONG_CHECK_GET_PONG,
				LWS_TO_KILL_ASYNC);
		return;
	}
	if (!s->pinged) {
		s->pinged = s->pinging = true;
		ask_to_write(s);
	}
	loop_arm(s->bridge->loop, &s->beat, PONG_TIMEOUT);
}

static void on_opened(struct stream *stream)
{
	listen_again(container_of(stream, struct socket, stream));
}

static void on_refused(struct stream *stream, enum confab_error error,
		       const char *body)
{
	(void)body;
	close_with(container_of(stream, struct socket, stream),
		   error == ERROR_UNAUTHENTICATED ? END_UNAUTHENTICATED
						  : END_OVERLOAD);
}

static void on_wake(struct stream *stream)
{
	if (stream_peek(stream))
		ask_to_write(container_of(stream, struct socket, stream));
}

/* A command that is under way is answered first. */
static void on_end(struct stream *stream, enum stream_end why)
{
	struct socket *s = container_of(stream, struct socket, stream);

	if (why == END_RESTART && s->call)
		s->leaving = true;
	else
		close_with(s, (int)why);
}

static const struct stream_ops STREAM_OPS = {
	.opened = on_opened,
	.refused = on_refused,
	.wake = on_wake,
	.end = on_end,
};

/* With a byte in it: of the PONG to an empty one lws does not tell. */
static bool write_ping(struct socket *s)
{
	unsigned char frame[LWS_PRE + 1] = { 0 };

	s->pinging = false;
	return lws_write(s->wsi, frame + LWS_PRE, 1, LWS_WRITE_PING) >= 0;
}

/* Who is it? The answer comes to on_opened() or on_refused(). */
static void open_stream(struct socket *s, struct handshake *h)
{
	char since[128];
	const char *why;
	struct hub_request request = {
		.transport = TRANSPORT_WEBSOCKET,
		.is_plain = !s->versioned,
		.param = handshake_param,
		.context = h,
	};
	enum confab_error error;

	if (handshake_query(h, "since", since, sizeof(since)))
		request.since = since;
	error = hub_admit(s->bridge->hub, &s->stream, &request, &why);
	if (error == ERROR_UNAVAILABLE)
		close_with(s, END_OVERLOAD);
	else if (error != ERROR_NONE)
		close_with(s, END_UNAUTHENTICATED);
}

static int established(struct lws *wsi, struct socket **user)
{
	struct socket *s = xcalloc(1, sizeof(*s));
	struct handshake h = { .query = "" };

	*user = s;
	s->wsi = wsi;
	s->bridge = lws_context_user(lws_get_context(wsi));
	s->bridge->sockets++;
	s->stream.ops = &STREAM_OPS;
	s->versioned = !strcmp(lws_get_protocol(wsi)->name, "confab.v1");
	handshake_read(&h, wsi);
	memcpy(s->address, h.address, sizeof(s->address));
	/* Commands wait until we know whose they are. */
	lws_rx_flow_control(wsi, 0);
	s->beat.fire = on_beat;
	arm_beat(s);
	open_stream(s, &h);
	return 0;
}

static void destroy(struct socket *s)
{
	if (s->call)
		command_client_cancel(s->call);
	loop_disarm(s->bridge->loop, &s->beat);
	hub_close(&s->stream);
	stream_empty(&s->stream);
	buf_free(&s->message);
	s->bridge->sockets--;
	free(s);
}

/* Queues a frame for this socket alone. */
static void reply(struct socket *s, const char *json)
{
	struct dispatch *d;

	if ((!s->stream.hub && !s->leaving) || s->closing)
		return;
	d = dispatch_create_local("", 0, json);
	stream_push(&s->stream, d);
	dispatch_unref(d);
	ask_to_write(s);
}

/* No answer from confab-command: nothing was done, or nobody can know. */
static void reply_unavailable(struct socket *s, bool sent)
{
	const char *why;
	struct json *command =
		json_parse(s->message.data, s->message.len, 16, &why);
	const struct json *id = json_get(command, "id");
	struct buf json = { 0 };

	buf_addf(&json, "{\"error\":{\"code\":%d,\"detail\":\"%s\"%s}",
		 error_info(ERROR_UNAVAILABLE)->code,
		 error_info(ERROR_UNAVAILABLE)->detail,
		 sent ? ",\"unknown\":true" : "");
	if (json_kind(id) == JSON_STRING || json_kind(id) == JSON_INT) {
		buf_add_text(&json, ",\"id\":");
		json_print(id, &json);
	}
	buf_add_text(&json, "}");
	reply(s, buf_text(&json));
	buf_free(&json);
	json_free(command);
}

static void on_answer(void *context, const char *body, size_t len, bool sent)
{
	struct socket *s = context;
	struct buf json = { 0 };

	s->call = NULL;
	if (!body) {
		reply_unavailable(s, sent);
	} else if (len) {
		buf_add(&json, body, len);
		reply(s, buf_text(&json));
	}
	buf_free(&json);
	buf_free(&s->message);
	if (s->leaving)
		ask_to_write(s);
	else
		listen_again(s);
}

static void send_command(struct socket *s)
{
	struct command_request request = {
		.body = s->message.data,
		.len = s->message.len,
		.login = s->stream.login_key,
		.session = s->stream.session,
		.address = *s->address ? s->address : NULL,
	};

	lws_rx_flow_control(s->wsi, 0);
	s->call = command_client_send(s->bridge->commands, &request, on_answer,
				      s);
}

static void refuse_binary(struct socket *s)
{
	struct buf json = { 0 };

	error_body(&json, ERROR_INVALID, "A command is a text frame.");
	reply(s, buf_text(&json));
	buf_free(&json);
	buf_free(&s->message);
}

static int received(struct socket *s, const char *bytes, size_t len)
{
	size_t limit = (size_t)s->bridge->config->max_body;

	note_heard(s);
	if (s->closing || !s->stream.hub)
		return 0;
	if (lws_is_first_fragment(s->wsi)) {
		buf_free(&s->message);
		s->binary = lws_frame_is_binary(s->wsi);
	}
	if (s->message.len + len + lws_remaining_packet_payload(s->wsi) >
	    limit) {
		close_with(s, CLOSE_TOO_LARGE);
		return 0;
	}
	buf_add(&s->message, bytes, len);
	if (!lws_is_final_fragment(s->wsi))
		return 0;
	if (s->binary)
		refuse_binary(s);
	else
		send_command(s);
	return 0;
}

/* Everything that waits goes out in one write, of about PART bytes at most.
 * What is said to be HTTP lws sends as it is, here, too. */
static bool write_frames(struct socket *s)
{
	struct buf *out = &s->bridge->frames;
	struct dispatch *d;
	bool written;

	out->len = 0;
	while (out->len < PART && (d = stream_take(&s->stream))) {
		frame_add_text(out, d->text + d->json_at, d->json_len);
		dispatch_unref(d);
	}
	if (!out->len)
		return true;
	written = lws_write(s->wsi, (unsigned char *)out->data, out->len,
			    LWS_WRITE_HTTP) >= 0;
	if (out->cap > FRAMES_KEPT)
		buf_free(out);
	if (!s->pinged)
		s->wrote = loop_now(s->bridge->loop);
	return written;
}

/* What the socket does not take lws keeps, and asks for no more until it is
 * gone. */
static int writable(struct socket *s)
{
	if (s->closing) {
		lws_close_reason(s->wsi, (enum lws_close_status)s->closing,
				 NULL, 0);
		return -1;
	}
	if ((s->pinging && !write_ping(s)) || !write_frames(s))
		return -1;
	if (stream_peek(&s->stream))
		ask_to_write(s);
	else if (s->leaving && !s->call)
		close_with(s, END_RESTART);
	return 0;
}

int socket_callback(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct socket **s = user;

	/* lws has a hundred reasons; the rest is its own business. */
	switch ((int)reason) {
	case LWS_CALLBACK_HTTP:
		lws_return_http_status(wsi, 426, NULL);
		return -1;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return handshake_confirm(wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		return established(wsi, s);
	case LWS_CALLBACK_RECEIVE:
		return received(*s, in, len);
	case LWS_CALLBACK_RECEIVE_PONG:
		note_heard(*s);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return writable(*s);
	case LWS_CALLBACK_CLOSED:
		if (*s)
			destroy(*s);
		*s = NULL;
		return 0;
	default:
		return 0;
	}
}
