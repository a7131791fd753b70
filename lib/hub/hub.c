/* hub: follows the tail and offers each dispatch to its audience. Used by
 * confab-events and confab-bridge, on the loop's thread. Owns the tail, the
 * roster, the connection for statements and the hub's other parts. */
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/state.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"

/* Removes a stream from every list. keep_session: leave its session to the next
 * request, which may continue it. */
static void detach_stream(struct stream *s, bool keep_session)
{
	struct hub *hub = s->hub;

	if (s->state == STREAM_OPENING) {
		opener_abandon(s);
	} else {
		LIST_REMOVE(s, of_account);
		roster_leave(hub->roster, s->account);
		if (!keep_session)
			liveness_end_session(hub->liveness, s->session);
	}
	stream_clear_due(s);
	stream_set_state(s, STREAM_CLOSED);
	stream_empty(s);
	s->hub = NULL;
	hub->counts.streams--;
}

void hub_close(struct stream *s)
{
	if (s->hub)
		detach_stream(s, s->transport->keeps_session);
}

void hub_end(struct stream *s, enum stream_end why)
{
	if (s->state == STREAM_ENDING)
		return;
	/* Don't send the queue: the cursor stands before it. */
	s->position = hub_position(s);
	s->ending = why;
	stream_clear_due(s);
	stream_set_state(s, STREAM_ENDING);
}

static void close_ending(struct hub *hub)
{
	struct stream *s;

	while ((s = TAILQ_FIRST(&hub->lists.of[STREAM_ENDING]))) {
		hub->counts.ended_slow += s->ending == END_SLOW;
		detach_stream(s, s->transport->keeps_session &&
					 s->ending == END_RESTART);
		s->ops->end(s, s->ending);
	}
}

void hub_wake(struct hub *hub)
{
	struct stream *s;

	while ((s = TAILQ_FIRST(&hub->lists.due))) {
		stream_clear_due(s);
		s->ops->wake(s);
	}
	close_ending(hub);
}

static void queue_dispatch(struct stream *s, struct dispatch *d)
{
	struct dispatch *formed = form_dispatch(s, d);

	s->position = d->seq;
	if (!formed)
		return;
	stream_push(s, formed);
	dispatch_unref(formed);
	s->hub->counts.deliveries++;
	stream_set_due(s);
}

/* A stream that lags gets nothing from the tail, which is beyond a gap. after
 * is not used here. */
static void offer_live(struct stream *s, struct dispatch *d, int64_t after)
{
	(void)after;
	if (s->state != STREAM_LIVE || d->seq <= s->position)
		return;
	/* Count only the dispatches queued before this one: a client that has
	 * taken all of them is not slow, even if many come at once. */
	if (s->bytes > (size_t)s->hub->config->stream_queue)
		hub_end(s, END_SLOW);
	else
		queue_dispatch(s, d);
}

static void offer_replayed(struct stream *s, struct dispatch *d, int64_t after)
{
	if (s->state != STREAM_REPLAYING || d->seq <= s->position ||
	    s->position < after)
		return;
	queue_dispatch(s, d);
	if (s->bytes > (size_t)s->hub->config->stream_queue / 2)
		stream_set_state(s, STREAM_BLOCKED);
}

typedef void offer_to(struct stream *s, struct dispatch *d, int64_t after);

static void offer_to_account(struct roster_account *account, struct dispatch *d,
			     offer_to *offer, int64_t after)
{
	struct stream *s;

	LIST_FOREACH (s, roster_streams(account), of_account)
		offer(s, d, after);
}

static void offer_to_audience(struct hub *hub, struct dispatch *d,
			      offer_to *offer, int64_t after)
{
	struct roster_members *members =
		d->to_room ? roster_members(hub->roster, &d->room) : NULL;
	struct roster_member *m;

	if (members)
		LIST_FOREACH (m, members, of_room)
			if (m->since <= d->seq)
				offer_to_account(m->account, d, offer, after);
	for (size_t i = 0; i < d->n_accounts; i++) {
		struct roster_account *account =
			roster_find(hub->roster, d->accounts[i]);

		if (account)
			offer_to_account(account, d, offer, after);
	}
}

void hub_offer_live(struct hub *hub, struct dispatch *d)
{
	offer_to_audience(hub, d, offer_live, 0);
}

void hub_offer_replayed(struct hub *hub, struct dispatch *d, int64_t after)
{
	offer_to_audience(hub, d, offer_replayed, after);
}

static bool is_audience(const struct stream *s, const struct dispatch *d)
{
	if (d->to_room && roster_sees(s->account, &d->room, d->seq))
		return true;
	for (size_t i = 0; i < d->n_accounts; i++)
		if (d->accounts[i] == roster_id(s->account))
			return true;
	return false;
}

void hub_offer_replayed_to(struct stream *s, struct dispatch *d)
{
	if (is_audience(s, d))
		offer_replayed(s, d, 0);
}

static bool is_ended(const struct stream *s, const struct json *effect)
{
	return json_lists_integer(json_get(effect, "ended_logins"), s->login) ||
	       json_lists_text(json_get(effect, "ended_sessions"), s->session);
}

/* Ends the streams of ended log-ins or sessions: {"ended_logins":[…]},
 * {"ended_sessions":[…]}. The row names the account; its other streams stay. */
static void end_streams(struct hub *hub, const struct dispatch *row,
			const struct json *effect)
{
	for (size_t i = 0; i < row->n_accounts; i++) {
		struct roster_account *account =
			roster_find(hub->roster, row->accounts[i]);
		struct stream *s;

		if (!account)
			continue;
		LIST_FOREACH (s, roster_streams(account), of_account)
			if (is_ended(s, effect))
				hub_end(s, END_UNAUTHENTICATED);
	}
}

static void on_row(void *context, const struct tail_row *row)
{
	struct hub *hub = context;
	const char *why;
	struct json *effect =
		row->effect
			? json_parse(row->effect, strlen(row->effect), 4, &why)
			: NULL;
	struct dispatch *d = dispatch_create(hub->epoch, row->seq, row->room,
					     row->accounts, row->messages,
					     row->payload ? row->payload : "");

	if (row->recipient)
		d->recipient = strtoll(row->recipient, NULL, 10);
	if (effect && d->to_room)
		roster_apply_before(hub->roster, &d->room, d->seq, effect,
				    NULL);
	if (row->payload) {
		hub->counts.dispatches++;
		replayer_add(hub->replayer, d);
		hub_offer_live(hub, d);
	}
	if (effect && d->to_room)
		roster_apply_after(hub->roster, &d->room, effect, NULL);
	if (effect) {
		end_streams(hub, d, effect);
		replayer_note_deleted(hub->replayer, d, effect);
		opener_note_effect(hub->opener, d, effect);
	}
	dispatch_unref(d);
}

static void on_batch(void *context, int64_t cursor)
{
	struct hub *hub = context;

	hub->cursor = cursor;
	replayer_withdraw(hub->replayer);
	hub_wake(hub);
}

/* The tail starts, or restarts because old cursors have become invalid. After a
 * restart every stream reconnects and gets session.resync. */
static void on_start(void *context, const char *epoch, int64_t head)
{
	struct hub *hub = context;

	logger(LEVEL_INFO, "tail_start", "epoch=%s head=%lld", epoch,
	       (long long)head);
	if (hub->started)
		hub_end_all(hub, END_RESTART);
	free(hub->epoch);
	hub->epoch = xstrdup(epoch);
	hub->cursor = head;
	hub->started = true;
	hub->starts++;
	replayer_start(hub->replayer, head);
}

static void on_away(void *context, const char *why)
{
	struct hub *hub = context;
	bool away = why != NULL;

	if (away && !hub->away)
		logger(LEVEL_WARN, "database_away", "why=\"%s\"", why);
	else if (!away && hub->away)
		logger(LEVEL_INFO, "database_back", "cursor=%lld",
		       (long long)hub->cursor);
	hub->away = away;
}

static void on_signal(void *context, const char *text)
{
	hub_offer_signal(context, text);
}

static void on_warn(void *context, const char *event, const char *detail)
{
	(void)context;
	logger(LEVEL_WARN, event, "%s", detail);
}

static void pg_up(void *context)
{
	struct hub *hub = context;

	hub->counts.connects++;
	liveness_connected(hub->liveness);
	replayer_connected(hub->replayer);
}

static void on_up(void *context)
{
	struct hub *hub = context;

	if (hub->is_brief)
		pg_up(hub);
}

static void pg_down(void *context, const char *reason)
{
	(void)context;
	logger(LEVEL_DEBUG, "questions_away", "why=\"%s\"", reason);
}

static const struct tail_handler TAIL_HANDLER = {
	.start = on_start,
	.row = on_row,
	.batch = on_batch,
	.signal = on_signal,
	.away = on_away,
	.up = on_up,
	.warn = on_warn,
};

static const struct pg_async_handler PG_HANDLER = {
	.up = pg_up,
	.down = pg_down,
};

struct hub *hub_create(struct loop *loop, const struct hub_settings *settings)
{
	struct hub *hub = xcalloc(1, sizeof(*hub));
	const struct config *config = settings->config;
	struct witness witness = { 0 };
	struct buf name = { 0 };

	hub->loop = loop;
	hub->config = config;
	hub->is_brief = settings->is_brief;
	hub->rules = settings->rules;
	stream_lists_init(&hub->lists);
	hub->roster = roster_create();
	hub->opener = opener_create(hub);
	admission_open(hub);
	hub->replayer = replayer_create(hub, (size_t)config->window);
	hub->liveness = liveness_create(hub, settings);
	hub->tail = tail_create(loop, config->database, "confab_stream",
				settings->program, &TAIL_HANDLER, hub);
	/* One connection is enough for one request. */
	hub->pg = hub->is_brief
			  ? tail_connection(hub->tail)
			  : pg_async_create(loop, config->database,
					    "confab_stream", settings->program,
					    &PG_HANDLER, hub);
	hub->report = report_create(hub, settings->metrics);
	buf_addf(&name, "%s.witness", settings->program);
	state_path(&hub->witness_path, config->run_dir, buf_text(&name));
	buf_free(&name);
	if (witness_load(&witness, buf_text(&hub->witness_path)))
		tail_remember(hub->tail, &witness);
	if (settings->skips_upkeep && *witness.at.epoch)
		tail_trust(hub->tail);
	return hub;
}

void hub_save_witness(struct hub *hub)
{
	const struct witness *witness = tail_witness(hub->tail);

	if (witness->at.seq == hub->witnessed)
		return;
	witness_save(witness, buf_text(&hub->witness_path));
	hub->witnessed = witness->at.seq;
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	hub_save_witness(hub);
	opener_stop(hub->opener);
	tail_free(hub->tail);
	if (!hub->is_brief)
		pg_async_free(hub->pg);
	report_free(hub->report);
	liveness_free(hub->liveness);
	replayer_free(hub->replayer);
	opener_free(hub->opener);
	admission_close(hub);
	roster_free(hub->roster);
	buf_free(&hub->witness_path);
	free(hub->epoch);
	free(hub);
}

bool hub_ready(const struct hub *hub, const char **why)
{
	if (hub->away)
		*why = "the database is away";
	else if (!hub->started)
		*why = "starting";
	else if (!pg_async_is_up(hub->pg))
		*why = "the database is away";
	else
		*why = NULL;
	return !*why;
}

bool hub_is_away(const struct hub *hub)
{
	return hub->away;
}

int64_t hub_position(const struct stream *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		int64_t seq = stream_at(s, i)->seq;

		if (seq)
			return seq - 1;
	}
	if (s->state == STREAM_LIVE && s->hub->cursor > s->position)
		return s->hub->cursor;
	return s->position;
}

int64_t hub_heartbeat(const struct hub *hub)
{
	int64_t beat = hub->config->heartbeat * 800;

	return beat - secret_random((unsigned)(beat / 5) + 1);
}

const char *hub_epoch(const struct hub *hub)
{
	return hub->epoch ? hub->epoch : "";
}

void hub_end_share(struct hub *hub, enum stream_end why, unsigned turns)
{
	static const enum stream_state order[] = { STREAM_REPLAYING,
						   STREAM_BLOCKED,
						   STREAM_LIVE };
	unsigned n = (hub->counts.streams + turns - 1) / turns;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct stream_list *list = &hub->lists.of[order[i]];

		for (; n && !TAILQ_EMPTY(list); n--)
			hub_end(TAILQ_FIRST(list), why);
	}
	hub_wake(hub);
}

void hub_end_all(struct hub *hub, enum stream_end why)
{
	hub_end_share(hub, why, 1);
}

void hub_leave(struct hub *hub)
{
	liveness_leave(hub->liveness);
}

void hub_report(struct hub *hub)
{
	report_show(hub->report);
}
