/* hub: follows the tail and offers each dispatch to its audience. Runs on the
 * loop's thread of confab-events and confab-bridge. */
#include "hub/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"

enum {
	UPKEEP_INTERVAL = 5000, /* ms between signs of life */
	TOGETHER = 16,          /* streams opened in one question, at first */
	MAINTAIN_EVERY = 4,     /* upkeeps between looks at the partitions */
	LEAVE_TIMEOUT = 1000,   /* ms for the farewell to the database */
	TURN = 50,              /* ms */
};

static const struct pg_statement SWEEP = { NULL,
					   "select confab.stream_sweep($1)" };
static const struct pg_statement UPKEEP = { "upkeep",
					    "select confab.stream_upkeep($1)" };
static const struct pg_statement LEAVE = { NULL,
					   "select confab.stream_leave($1)" };
static const struct pg_statement MAINTAIN = { "maintain",
					      "select confab.log_maintain()" };

void hub_touch(struct stream *s)
{
	if (s->dirty)
		return;
	s->dirty = true;
	TAILQ_INSERT_TAIL(&s->hub->dirty, s, of_dirty);
}

void hub_wake(struct hub *hub)
{
	struct stream *s;

	while ((s = TAILQ_FIRST(&hub->dirty))) {
		int ending = s->ending;

		TAILQ_REMOVE(&hub->dirty, s, of_dirty);
		s->dirty = false;
		if (!ending) {
			s->ops->wake(s);
			continue;
		}
		hub->counts.ended_slow += ending == END_SLOW;
		/* What waits is not sent: the cursor stands before it. */
		s->position = hub_position(s);
		hub_close(s,
			  s->transport == STREAM_POLL && ending == END_RESTART);
		s->ops->end(s, (enum stream_end)ending);
	}
}

/* One stream of the audience. What it has passed it does not get again; while
 * it replays it gets nothing from the tail, for that is beyond a gap. */
static void offer(struct stream *s, struct dispatch *d, bool replay,
		  int64_t page_after)
{
	size_t limit = (size_t)s->hub->config->stream_queue;

	if (d->seq <= s->position || s->ending)
		return;
	if (replay ? s->state != STREAM_REPLAYING || s->blocked ||
			     s->position < page_after
		   : s->state != STREAM_LIVE)
		return;
	/* Who has taken what there was before is not slow, however much comes
	 * at once. */
	if (!replay && s->bytes > limit) {
		s->ending = END_SLOW;
		hub_touch(s);
		return;
	}
	stream_push(s, d);
	s->position = d->seq;
	s->hub->counts.deliveries++;
	if (replay && s->bytes > limit / 2)
		hub_set_blocked(s);
	hub_touch(s);
}

static void offer_account(struct roster_account *account, struct dispatch *d,
			  bool replay, int64_t page_after)
{
	struct stream *s;

	LIST_FOREACH (s, roster_streams(account), of_account)
		offer(s, d, replay, page_after);
}

void hub_offer(struct hub *hub, struct dispatch *d, bool replay,
	       int64_t page_after)
{
	struct roster_members *members =
		d->to_room ? roster_members(hub->roster, &d->room) : NULL;
	struct roster_member *m;

	if (members)
		LIST_FOREACH (m, members, of_room)
			if (m->since <= d->seq)
				offer_account(m->account, d, replay,
					      page_after);
	for (size_t i = 0; i < d->n_accounts; i++) {
		struct roster_account *account =
			roster_find(hub->roster, d->accounts[i]);

		if (account)
			offer_account(account, d, replay, page_after);
	}
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

void hub_offer_one(struct stream *s, struct dispatch *d)
{
	if (is_audience(s, d))
		offer(s, d, true, 0);
}

static bool is_ended(const struct stream *s, const struct json *effect)
{
	return json_lists_integer(json_get(effect, "ended_logins"), s->login) ||
	       json_lists_text(json_get(effect, "ended_sessions"), s->session);
}

/* Streams of log-ins or sessions that were ended: {"ended_logins":[…]},
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
			if (is_ended(s, effect)) {
				s->ending = END_UNAUTHENTICATED;
				hub_touch(s);
			}
	}
}

/* Keeps the effect for streams that are being opened right now. */
static void keep_change(struct hub *hub, const struct dispatch *row,
			struct json *effect)
{
	struct change *change;

	if (TAILQ_EMPTY(&hub->openings)) {
		json_free(effect);
		return;
	}
	change = xcalloc(1, sizeof(*change));
	change->seq = row->seq;
	change->to_room = row->to_room;
	change->room = row->room;
	change->effect = effect;
	STAILQ_INSERT_TAIL(&hub->changes, change, link);
}

void hub_forget_changes(struct hub *hub, int64_t seq)
{
	struct change *change;

	while ((change = STAILQ_FIRST(&hub->changes)) && change->seq <= seq) {
		STAILQ_REMOVE_HEAD(&hub->changes, link);
		json_free(change->effect);
		free(change);
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

	if (effect && d->to_room)
		roster_apply_before(hub->roster, &d->room, d->seq, effect,
				    NULL);
	if (row->payload) {
		hub->counts.dispatches++;
		window_add(hub->window, d);
		hub_offer(hub, d, false, 0);
	}
	if (effect && d->to_room)
		roster_apply_after(hub->roster, &d->room, effect, NULL);
	if (effect) {
		end_streams(hub, d, effect);
		hub_note_deleted(hub, d, effect);
		keep_change(hub, d, effect);
	}
	dispatch_unref(d);
}

static void on_batch(void *context, int64_t cursor)
{
	struct hub *hub = context;

	hub->cursor = cursor;
	hub_withdraw(hub);
	hub_wake(hub);
}

/* The tail starts, or starts anew because cursors mean nothing any more: then
 * every stream comes back and is told by session.resync. */
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
	window_reset(hub->window, head);
	hub->recalling = true;
	hub_recall(hub);
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
	hub_signal(context, text);
}

static void on_warn(void *context, const char *event, const char *detail)
{
	(void)context;
	logger(LEVEL_WARN, event, "%s", detail);
}

static const struct tail_handler TAIL_HANDLER = {
	.start = on_start,
	.row = on_row,
	.batch = on_batch,
	.signal = on_signal,
	.away = on_away,
	.warn = on_warn,
};

static void log_failure(void *context, enum pg_status status,
			const struct pg_result *result)
{
	const char *what = context;

	if (status == PG_FAILED)
		logger(LEVEL_ERROR, what, "why=\"%s\"", pg_message(result));
}

static char SWEEP_FAILED[] = "stream_sweep";
static char UPKEEP_FAILED[] = "stream_upkeep";
static char MAINTAIN_FAILED[] = "log_maintain";
static char LEAVE_FAILED[] = "stream_leave";

/* Whoever was not heard of for long was taken for dead, and its sessions are
 * gone: its streams have to open again. */
static void on_upkeep(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	struct hub *hub = context;

	log_failure(UPKEEP_FAILED, status, result);
	if (status == PG_OK && *pg_field(result, 0, 0) == 'f' &&
	    hub->counts.streams) {
		logger(LEVEL_WARN, "taken_for_dead", "streams=%u",
		       hub->counts.streams);
		hub_end_all(hub, END_RESTART);
	}
}

static void upkeep_fired(struct timer *timer)
{
	struct hub *hub = container_of(timer, struct hub, upkeep_timer);

	if (pg_async_is_up(hub->pg)) {
		struct pg_param process = { .data = hub->process };

		pg_async_send(hub->pg, &UPKEEP, 1, &process, on_upkeep, hub);
		if (hub->upkeeps++ % MAINTAIN_EVERY == 0)
			pg_async_send(hub->pg, &MAINTAIN, 0, NULL, log_failure,
				      MAINTAIN_FAILED);
	}
	loop_arm(hub->loop, &hub->upkeep_timer, UPKEEP_INTERVAL);
}

static void pg_up(void *context)
{
	struct hub *hub = context;
	struct pg_param process = { .data = hub->process };

	hub->counts.connects++;
	/* Streams of an earlier run are gone: they were its sockets. */
	if (hub->alone)
		pg_async_send(hub->pg, &SWEEP, 1, &process, log_failure,
			      SWEEP_FAILED);
	hub->alone = false;
	upkeep_fired(&hub->upkeep_timer);
	hub_recall(hub);
	hub_replay_soon(hub);
}

static void pg_down(void *context, const char *reason)
{
	(void)context;
	logger(LEVEL_DEBUG, "questions_away", "why=\"%s\"", reason);
}

static const struct pg_async_handler PG_HANDLER = {
	.up = pg_up,
	.down = pg_down,
};

struct hub *hub_create(struct loop *loop, const struct config *config,
		       struct metrics *metrics, const char *program,
		       const char *process, bool alone)
{
	struct hub *hub = xcalloc(1, sizeof(*hub));

	hub->loop = loop;
	hub->config = config;
	hub->process = process;
	hub->alone = alone;
	hub->together = TOGETHER;
	hub->roster = roster_create();
	hub->turns = turns_create();
	hub->window = window_create((size_t)config->window);
	hub->close_timer.fire = hub_close_fired;
	hub->replay_timer.fire = hub_replay_fired;
	hub->upkeep_timer.fire = upkeep_fired;
	hub->report_timer.fire = hub_report_fired;
	hub->report = hub_report_create(metrics);
	TAILQ_INIT(&hub->live);
	TAILQ_INIT(&hub->replaying);
	TAILQ_INIT(&hub->blocked);
	TAILQ_INIT(&hub->dirty);
	TAILQ_INIT(&hub->openings);
	TAILQ_INIT(&hub->singles);
	STAILQ_INIT(&hub->changes);
	hub->away = true;
	hub->tail = tail_create(loop, config->database, "confab_stream",
				program, &TAIL_HANDLER, hub);
	hub->pg = pg_async_create(loop, config->database, "confab_stream",
				  program, &PG_HANDLER, hub);
	hub_report_fired(&hub->report_timer);
	return hub;
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	tail_free(hub->tail);
	hub_forget_waiting(hub);
	pg_async_free(hub->pg);
	loop_disarm(hub->loop, &hub->close_timer);
	loop_disarm(hub->loop, &hub->replay_timer);
	loop_disarm(hub->loop, &hub->upkeep_timer);
	loop_disarm(hub->loop, &hub->report_timer);
	free(hub->report);
	hub_forget_changes(hub, INT64_MAX);
	deletions_clear(&hub->deleted);
	window_free(hub->window);
	roster_free(hub->roster);
	turns_free(hub->turns);
	buf_free(&hub->closed);
	free(hub->epoch);
	free(hub);
}

bool hub_ready(const struct hub *hub, const char **why)
{
	if (!hub->started)
		*why = "starting";
	else if (hub->away || !pg_async_is_up(hub->pg))
		*why = "the database is away";
	else
		*why = NULL;
	return !*why;
}

int64_t hub_position(const struct stream *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		int64_t seq = s->queue[(s->first + i) & (s->cap - 1)]->seq;

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

/* Returns how many of n are left to be ended. */
static unsigned end_some(struct stream_list *list, enum stream_end why,
			 unsigned n)
{
	struct stream *s;

	TAILQ_FOREACH (s, list, of_hub) {
		if (!n)
			break;
		if (s->ending)
			continue;
		s->ending = (int)why;
		hub_touch(s);
		n--;
	}
	return n;
}

void hub_end_share(struct hub *hub, enum stream_end why, unsigned turns)
{
	unsigned n = (hub->counts.streams + turns - 1) / turns;

	n = end_some(&hub->replaying, why, n);
	n = end_some(&hub->blocked, why, n);
	end_some(&hub->live, why, n);
	hub_wake(hub);
}

void hub_end_all(struct hub *hub, enum stream_end why)
{
	hub_end_share(hub, why, 1);
}

static void on_left(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	bool *left = context;

	log_failure(LEAVE_FAILED, status, result);
	*left = true;
}

void hub_leave(struct hub *hub)
{
	struct pg_param process = { .data = hub->process };
	int64_t deadline = loop_now(hub->loop) + LEAVE_TIMEOUT;
	bool left = false;

	if (!pg_async_is_up(hub->pg))
		return;
	if (hub->closed.len)
		hub_close_fired(&hub->close_timer);
	loop_disarm(hub->loop, &hub->upkeep_timer);
	pg_async_send(hub->pg, &LEAVE, 1, &process, on_left, &left);
	while (!left && loop_now(hub->loop) < deadline)
		loop_turn(hub->loop, TURN);
}

const struct hub_counts *hub_counts(const struct hub *hub)
{
	return &hub->counts;
}
