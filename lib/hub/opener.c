/* opener: opens streams with the database's help. One statement identifies the
 * callers, makes their sessions and reads their memberships (opening.c). Called
 * by the hub; owns the openings.
 *
 * One such statement runs at a time. Requests that come meanwhile are asked
 * together in the next, as many as are answered soon. So a single stream does
 * not wait, and one transaction opens many when all clients return at once.
 * Each statement contains one opening of a log-in (turns.h), so a client that
 * opens many streams does not delay others. A request that is given up before
 * its turn costs nothing. */
#include "hub/opener.h"

#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "base/container.h"
#include "base/hex.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"
#include "hub/opening.h"

enum {
	TOGETHER_FIRST = 16, /* streams in the first statement */
	TOGETHER_MOST = 64,
	FAST = 50,  /* ms: an answer this fast allows more */
	SLOW = 250, /* ms: an answer this slow allows fewer */
};

TAILQ_HEAD(opening_list, opening);

struct opener {
	struct hub *hub;
	struct turns *turns;          /* of openings not yet asked */
	struct opening_list openings; /* in the statement under way */
	struct opening_list singles;  /* to be asked one by one */
	int together;                 /* most openings in one statement */
	int64_t asked_on;           /* loop_now() of the statement under way */
	struct change_list changes; /* log rows since it was sent */
};

struct opener *opener_create(struct hub *hub)
{
	struct opener *opener = xcalloc(1, sizeof(*opener));

	opener->hub = hub;
	opener->together = TOGETHER_FIRST;
	opener->turns = turns_create();
	TAILQ_INIT(&opener->openings);
	TAILQ_INIT(&opener->singles);
	STAILQ_INIT(&opener->changes);
	return opener;
}

static void forget_changes(struct opener *opener)
{
	struct change *change;

	while ((change = STAILQ_FIRST(&opener->changes))) {
		STAILQ_REMOVE_HEAD(&opener->changes, link);
		json_free(change->effect);
		free(change);
	}
}

void opener_free(struct opener *opener)
{
	if (!opener)
		return;
	forget_changes(opener);
	turns_free(opener->turns);
	free(opener);
}

void opener_note_effect(struct opener *opener, const struct dispatch *row,
			struct json *effect)
{
	struct change *change;

	if (TAILQ_EMPTY(&opener->openings)) {
		json_free(effect);
		return;
	}
	change = xcalloc(1, sizeof(*change));
	change->seq = row->seq;
	change->to_room = row->to_room;
	change->room = row->room;
	change->effect = effect;
	STAILQ_INSERT_TAIL(&opener->changes, change, link);
}

/* Refuses an opening without a row in the answer, or whose statement failed. */
static void refuse_unanswered(const struct opening *o, enum pg_status status,
			      const struct pg_result *r)
{
	enum confab_error error = ERROR_UNAVAILABLE;

	if (status == PG_FAILED)
		error = error_from_sqlstate(pg_sqlstate(r));
	if (o->stream)
		hub_refuse(o->stream, error, NULL);
}

static void free_opening(struct opening *o)
{
	identity_free(&o->identity);
	free(o->session);
	free(o->user_agent);
	free(o->address);
	free(o->request_id);
	free(o);
}

static struct opening *opening_of(struct turn *turn)
{
	return turn ? container_of(turn, struct opening, turn) : NULL;
}

/* Refuses an opening that waits for its turn. */
static void refuse_waiting(struct opening *o, enum confab_error error)
{
	hub_refuse(o->stream, error, NULL);
	free_opening(o);
}

/* Ends an opening; the next of its log-in may ask. Refuses the oldest of those
 * that would exceed the limit anyway: their clients may have gone. */
static void finish_opening(struct opening *o)
{
	struct opener *opener = o->opener;
	struct hub *hub = opener->hub;
	unsigned limit = (unsigned)hub->config->account_streams;
	struct opening *excess;

	while ((excess = opening_of(
			turns_excess(opener->turns, &o->turn, limit)))) {
		hub->counts.limited++;
		refuse_waiting(excess, ERROR_RATE);
	}
	turns_done(opener->turns, &o->turn);
	TAILQ_REMOVE(&opener->openings, o, link);
	free_opening(o);
}

/* Asks each opening of a failed statement by itself, because one of them may
 * have caused the failure. */
static void ask_one_by_one(struct opening *o)
{
	o->is_alone = true;
	TAILQ_REMOVE(&o->opener->openings, o, link);
	TAILQ_INSERT_TAIL(&o->opener->singles, o, link);
}

void opener_stop(struct opener *opener)
{
	struct opening *o;

	while ((o = TAILQ_FIRST(&opener->singles))) {
		TAILQ_REMOVE(&opener->singles, o, link);
		turns_done(opener->turns, &o->turn);
		free_opening(o);
	}
	while ((o = opening_of(turns_first(opener->turns)))) {
		turns_leave(opener->turns, &o->turn);
		free_opening(o);
	}
}

/* Refuses all waiting openings, for lack of a database. */
static void refuse_all_waiting(struct opener *opener)
{
	struct opening *o;

	TAILQ_FOREACH (o, &opener->singles, link)
		if (o->stream) {
			hub_refuse(o->stream, ERROR_UNAVAILABLE, NULL);
			o->stream = NULL;
		}
	while ((o = opening_of(turns_first(opener->turns)))) {
		turns_leave(opener->turns, &o->turn);
		refuse_waiting(o, ERROR_UNAVAILABLE);
	}
}

/* Adapts the size of the next statement. Notifications can make one opening a
 * hundred times as costly as another, and no statement may come near the time
 * limit of the database. On a busy machine, however, a small one takes as long
 * as a large one. */
static void adapt_size(struct opener *opener)
{
	int64_t took = loop_now(opener->hub->loop) - opener->asked_on;

	if (took > SLOW && opener->together > 1)
		opener->together /= 2;
	else if (took < FAST && opener->together < TOGETHER_MOST)
		opener->together *= 2;
}

static void send_question(struct opener *opener);

/* The streams of a failed statement are asked for one by one, so the lines
 * after it name the requests that fail. */
static void log_failure(const struct opener *opener, const struct pg_result *r)
{
	const struct opening *o = TAILQ_FIRST(&opener->openings);
	bool is_alone = o && o->is_alone;

	logger(LEVEL_ERROR, "stream_open", "request=%s why=\"%s\"",
	       is_alone && o->request_id ? o->request_id : "", pg_message(r));
}

/* Takes the answer: rows in the order of the openings. */
static void on_answer(void *context, enum pg_status status,
		      const struct pg_result *r)
{
	struct opener *opener = context;
	struct opening *o;
	int row = 0;

	if (status == PG_FAILED)
		log_failure(opener, r);
	for (int place = 1; (o = TAILQ_FIRST(&opener->openings)); place++) {
		o->row = row;
		if (status == PG_OK && opening_is_row(o, r, place)) {
			opening_answer(opener->hub, o, r, &opener->changes);
			row++;
		} else if (status == PG_FAILED && !o->is_alone) {
			ask_one_by_one(o);
			continue;
		} else {
			refuse_unanswered(o, status, r);
		}
		finish_opening(o);
	}
	if (status == PG_OK || status == PG_FAILED)
		adapt_size(opener);
	else
		refuse_all_waiting(opener);
	forget_changes(opener);
	send_question(opener);
	hub_wake(opener->hub);
}

/* Ignore a failure: the opening, which follows in the same order, reports
 * it. */
static void on_exchanged(void *context, enum pg_status status,
			 const struct pg_result *result)
{
	(void)context;
	if (status == PG_FAILED)
		logger(LEVEL_DEBUG, "login_external", "why=\"%s\"",
		       pg_message(result));
}

/* Records a log-in that a third party vouches for, before its stream is opened:
 * statements run in order. */
static void record_external_login(struct hub *hub, const struct opening *o)
{
	struct pg_param params[LOGIN_PARAMS];

	login_params(&o->identity, o->user_agent, o->address, params);
	pg_async_send(hub->pg, &LOGIN_EXTERNAL, LOGIN_PARAMS, params,
		      on_exchanged, NULL);
}

static void add_text(struct buf *json, const char *name, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	/* Invalid text would spoil the statement for everyone in it. */
	if (!text || !utf8_valid(text, len))
		return;
	buf_addf(json, ",\"%s\":", name);
	json_quote(json, text, len);
}

static void write_request(struct buf *json, const struct opening *o)
{
	char token[2 * SECRET_HASH_SIZE + 1];

	hex_print(token, o->identity.token_hash, SECRET_HASH_SIZE);
	buf_addf(json, "{\"token\":\"%s\"", token);
	add_text(json, "session", o->session);
	add_text(json, "transport", o->stream->transport->name);
	add_text(json, "user_agent", o->user_agent);
	add_text(json, "address", o->address);
	buf_addf(json, ",\"plain\":%s,\"notifications\":%s}",
		 o->is_plain ? "true" : "false",
		 o->notifications ? "true" : "false");
}

/* Chooses the openings of the next statement. */
static void choose_openings(struct opener *opener)
{
	struct opening *o;

	while ((o = TAILQ_FIRST(&opener->singles))) {
		TAILQ_REMOVE(&opener->singles, o, link);
		TAILQ_INSERT_TAIL(&opener->openings, o, link);
		if (o->stream)
			return;
		finish_opening(o); /* its client has gone */
	}
	for (int n = 0; n < opener->together &&
			(o = opening_of(turns_next(opener->turns)));
	     n++)
		TAILQ_INSERT_TAIL(&opener->openings, o, link);
}

/* Sends the next statement, unless one is under way. */
static void send_question(struct opener *opener)
{
	struct hub *hub = opener->hub;
	struct buf list = { 0 };
	struct pg_param params[] = {
		{ 0 }, { .data = liveness_instance(hub->liveness) }
	};
	struct opening *o;

	if (!TAILQ_EMPTY(&opener->openings))
		return;
	choose_openings(opener);
	if (TAILQ_EMPTY(&opener->openings))
		return;
	TAILQ_FOREACH (o, &opener->openings, link) {
		o->is_asked = true;
		o->asked_at = hub->cursor;
		o->start = hub->starts;
		buf_add_text(&list, list.len ? "," : "[");
		write_request(&list, o);
		if (o->identity.external)
			record_external_login(hub, o);
	}
	buf_add_text(&list, "]");
	opener->asked_on = loop_now(hub->loop);
	params[0].data = buf_text(&list);
	pg_async_send(hub->pg, &OPENING_QUESTION, 2, params, on_answer, opener);
	buf_free(&list);
}

/* A variable of the request as text that the database accepts, or NULL. */
static char *copy_param(const struct hub_request *request, const char *name)
{
	char text[IDENTITY_TEXT];

	return xstrdup(
		identity_text(request->param, request->context, name, text));
}

void opener_open(struct opener *opener, struct stream *s,
		 const struct hub_request *request, struct identity *identity)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	bool greets = s->form == FORM_FULL &&
		      (s->transport->greets_always || !request->since);

	o->opener = opener;
	o->stream = s;
	o->has_since = request->since != NULL;
	o->since_valid =
		o->has_since && cursor_parse(&o->since, request->since);
	o->is_plain = request->is_plain;
	o->ready_frame = greets && !request->is_plain;
	o->notifications = greets;
	o->identity = *identity;
	identity->external = NULL;
	o->session = xstrdup(request->session);
	o->user_agent = copy_param(request, "HTTP_USER_AGENT");
	o->address = copy_param(request, "REMOTE_ADDR");
	o->request_id = xstrdup(request->id);
	s->opening = o;
	turns_wait(opener->turns, &o->turn, o->identity.token_hash);
	send_question(opener);
}

void opener_abandon(struct stream *s)
{
	struct opening *o = s->opening;

	o->stream = NULL;
	if (o->is_asked)
		return;
	turns_leave(o->opener->turns, &o->turn);
	free_opening(o);
}
