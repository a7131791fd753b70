/* opener: asks the database for streams. One statement says who the callers
 * are, makes their sessions and brings their memberships (opening.c).
 *
 * One such question is under way at a time, and those that come meanwhile are
 * asked together, as many as are answered soon: a stream that opens by itself
 * does not wait, and when everybody comes back at once, a transaction opens
 * many. One of a log-in goes into each (turns.h), so that a client that opens
 * one stream after the other keeps nobody else waiting; what it has closed
 * again before its turn costs nothing. */
#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "base/container.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "hub/opening.h"

enum {
	TOGETHER = 64, /* streams that are asked for in one question, */
	FAST = 50,     /* ms: more next time */
	SLOW = 250,    /* ms: fewer */
};

/* As confab.session has them. */
static const char *const TRANSPORTS[] = {
	[STREAM_WEBSOCKET] = "websocket",
	[STREAM_SSE] = "sse",
	[STREAM_POLL] = "poll",
};

/* It has not, or with an error that is nobody's own. */
static void not_opened(const struct opening *o, enum pg_status status,
		       const struct pg_result *r)
{
	enum confab_error error = ERROR_UNAVAILABLE;

	if (status == PG_FAILED)
		error = error_from_sqlstate(pg_sqlstate(r));
	if (o->stream)
		opening_refuse(o->stream, error, NULL);
}

static void free_opening(struct opening *o)
{
	identity_free(&o->identity);
	free(o->session);
	free(o->user_agent);
	free(o->address);
	free(o);
}

static struct opening *opening_of(struct turn *turn)
{
	return turn ? container_of(turn, struct opening, turn) : NULL;
}

/* Somebody who waits for a turn is told what becomes of it instead. */
static void turn_away(struct opening *o, enum confab_error error)
{
	opening_refuse(o->stream, error, NULL);
	free_opening(o);
}

/* The next of the same log-in may ask. Those of it that would be too many
 * anyway are told so without asking; the oldest, who may have gone since. */
static void finish(struct opening *o)
{
	struct hub *hub = o->hub;
	unsigned limit = (unsigned)hub->config->account_streams;
	struct opening *excess;

	while ((excess = opening_of(
			turns_excess(hub->turns, &o->turn, limit)))) {
		hub->counts.limited++;
		turn_away(excess, ERROR_RATE);
	}
	turns_done(hub->turns, &o->turn);
	TAILQ_REMOVE(&hub->openings, o, link);
	free_opening(o);
}

/* The question failed, for all who were in it: that may be one's fault. */
static void ask_alone(struct opening *o)
{
	o->alone = true;
	TAILQ_REMOVE(&o->hub->openings, o, link);
	TAILQ_INSERT_TAIL(&o->hub->singles, o, link);
}

void hub_forget_waiting(struct hub *hub)
{
	struct opening *o;

	while ((o = TAILQ_FIRST(&hub->singles))) {
		TAILQ_REMOVE(&hub->singles, o, link);
		turns_done(hub->turns, &o->turn);
		free_opening(o);
	}
	while ((o = opening_of(turns_first(hub->turns)))) {
		turns_leave(hub->turns, &o->turn);
		free_opening(o);
	}
}

/* Without a database there is no answer for those who wait, either. */
static void turn_all_away(struct hub *hub)
{
	struct opening *o;

	TAILQ_FOREACH (o, &hub->singles, link)
		if (o->stream) {
			opening_refuse(o->stream, ERROR_UNAVAILABLE, NULL);
			o->stream = NULL;
		}
	while ((o = opening_of(turns_first(hub->turns)))) {
		turns_leave(hub->turns, &o->turn);
		turn_away(o, ERROR_UNAVAILABLE);
	}
}

/* How many are asked for next. Notifications can make an opening a hundred
 * times as dear as another, and no question may come near the time after which
 * the database breaks off; but on a busy machine a small one takes as long as
 * a large one. */
static void adapt(struct hub *hub)
{
	int64_t took = loop_now(hub->loop) - hub->asked_on;

	if (took > SLOW && hub->together > 1)
		hub->together /= 2;
	else if (took < FAST && hub->together < TOGETHER)
		hub->together *= 2;
}

static void ask(struct hub *hub);

/* The answer to the question that was under way: rows in the order of those who
 * are in it. */
static void on_answer(void *context, enum pg_status status,
		      const struct pg_result *r)
{
	struct hub *hub = context;
	struct opening *o;
	int row = 0;

	if (status == PG_FAILED)
		logger(LEVEL_ERROR, "stream_open", "why=\"%s\"", pg_message(r));
	for (int place = 1; (o = TAILQ_FIRST(&hub->openings)); place++) {
		o->row = row;
		if (status == PG_OK && opening_is_row(o, r, place)) {
			opening_answered(o, r);
			row++;
		} else if (status == PG_FAILED && !o->alone) {
			ask_alone(o);
			continue;
		} else {
			not_opened(o, status, r);
		}
		finish(o);
	}
	if (status == PG_OK || status == PG_FAILED)
		adapt(hub);
	else
		turn_all_away(hub);
	hub_forget_changes(hub, INT64_MAX);
	ask(hub);
	hub_wake(hub);
}

/* What went wrong the opening will say; it is on its way already. */
static void on_exchanged(void *context, enum pg_status status,
			 const struct pg_result *result)
{
	(void)context;
	if (status == PG_FAILED)
		logger(LEVEL_DEBUG, "login_external", "why=\"%s\"",
		       pg_message(result));
}

/* The log-in that somebody else vouches for is made known before the stream is
 * opened: statements are carried out in order. */
static void exchange(struct hub *hub, const struct opening *o)
{
	struct pg_param params[LOGIN_PARAMS];

	login_params(&o->identity, o->user_agent, o->address, params);
	pg_async_send(hub->pg, &LOGIN_EXTERNAL, LOGIN_PARAMS, params,
		      on_exchanged, NULL);
}

static void add_text(struct buf *json, const char *name, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	/* What is not text would spoil the question for all who are in it. */
	if (!text || !utf8_valid(text, len))
		return;
	buf_addf(json, ",\"%s\":", name);
	json_quote(json, text, len);
}

static void write_request(struct buf *json, const struct opening *o)
{
	buf_add_text(json, "{\"token\":\"");
	for (size_t i = 0; i < sizeof(o->identity.token_hash); i++)
		buf_addf(json, "%02x", o->identity.token_hash[i]);
	buf_add_text(json, "\"");
	add_text(json, "session", o->session);
	add_text(json, "transport", TRANSPORTS[o->stream->transport]);
	add_text(json, "user_agent", o->user_agent);
	add_text(json, "address", o->address);
	buf_addf(json, ",\"notifications\":%s}",
		 o->notifications ? "true" : "false");
}

/* Who is in the next question. */
static void choose(struct hub *hub)
{
	struct opening *o;

	while ((o = TAILQ_FIRST(&hub->singles))) {
		TAILQ_REMOVE(&hub->singles, o, link);
		TAILQ_INSERT_TAIL(&hub->openings, o, link);
		if (o->stream)
			return;
		finish(o); /* gone meanwhile */
	}
	for (int n = 0;
	     n < hub->together && (o = opening_of(turns_next(hub->turns))); n++)
		TAILQ_INSERT_TAIL(&hub->openings, o, link);
}

/* Asks for those whose turn it is, unless a question is under way. */
static void ask(struct hub *hub)
{
	struct buf list = { 0 };
	struct pg_param params[] = { { 0 }, { .data = hub->process } };
	struct opening *o;

	if (!TAILQ_EMPTY(&hub->openings))
		return;
	choose(hub);
	if (TAILQ_EMPTY(&hub->openings))
		return;
	TAILQ_FOREACH (o, &hub->openings, link) {
		o->asked = true;
		o->asked_at = hub->cursor;
		o->start = hub->starts;
		buf_add_text(&list, list.len ? "," : "[");
		write_request(&list, o);
		if (o->identity.external)
			exchange(hub, o);
	}
	buf_add_text(&list, "]");
	hub->asked_on = loop_now(hub->loop);
	params[0].data = buf_text(&list);
	pg_async_send(hub->pg, &OPENING_QUESTION, 2, params, on_answer, hub);
	buf_free(&list);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void hub_open(struct hub *hub, struct stream *s,
	      const struct hub_request *request)
{
	struct opening *o = xcalloc(1, sizeof(*o));

	o->hub = hub;
	o->stream = s;
	o->has_since = request->since != NULL;
	o->since_valid =
		o->has_since && cursor_parse(&o->since, request->since);
	o->ready_frame = request->ready_frame;
	o->notifications = request->notifications;
	o->identity = *request->identity;
	request->identity->external = NULL;
	o->session = copy(request->session);
	o->user_agent = copy(request->user_agent);
	o->address = copy(request->address);
	s->hub = hub;
	s->transport = request->transport;
	s->state = STREAM_OPENING;
	s->opening = o;
	hub->counts.streams++;
	turns_wait(hub->turns, &o->turn, o->identity.token_hash);
	ask(hub);
}

void hub_abandon_opening(struct stream *s)
{
	struct opening *o = s->opening;

	o->stream = NULL;
	if (o->asked)
		return;
	turns_leave(s->hub->turns, &o->turn);
	free_opening(o);
}
