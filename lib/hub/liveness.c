/* liveness: signs of life, ended sessions, and the report when the program
 * ends. Called by the hub; owns the list of ended sessions and the timers. */
#include "hub/liveness.h"

#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"

enum {
	UPKEEP_INTERVAL = 5000, /* ms between signs of life */
	MAINTAIN_EVERY = 4,     /* upkeeps between checks of the partitions */
	END_DELAY = 100,        /* ms to gather ended sessions, */
	END_RETRY = 1000,       /* and while the database is away */
	LEAVE_TIMEOUT = 1000,   /* ms for the farewell */
	LEAVE_TURN = 50,
};

static const struct pg_statement SWEEP = { NULL,
					   "select confab.stream_sweep($1)" };
static const struct pg_statement UPKEEP = { "upkeep",
					    "select confab.stream_upkeep($1)" };
static const struct pg_statement MAINTAIN = {
	"maintain", "select confab.log_maintain(), confab.host_users_update()"
};
static const struct pg_statement ERASE = {
	"erase", "select confab.erase_accounts(20000)"
};
static const struct pg_statement END = {
	"close", "select confab.stream_close($1::uuid[])"
};
static const struct pg_statement LEAVE = { NULL,
					   "select confab.stream_leave($1)" };

struct liveness {
	struct hub *hub;
	const char *instance;
	bool is_alone;     /* and sessions of an earlier run may remain */
	bool skips_upkeep; /* at the start */
	bool is_known;     /* the database has heard of this process */
	bool has_left;     /* said farewell */
	/* The name by which the brief runs at this place are one program for
	 * the upkeep: each by itself is too new to judge the others. Empty: not
	 * brief. */
	struct buf common;
	unsigned upkeeps; /* number of upkeeps so far */
	struct buf ended; /* "{uuid,uuid": sessions */
	struct timer upkeep_timer, end_timer;
};

static void upkeep_fired(struct timer *timer);
static void end_fired(struct timer *timer);

struct liveness *liveness_create(struct hub *hub,
				 const struct hub_settings *settings)
{
	struct liveness *l = xcalloc(1, sizeof(*l));

	l->hub = hub;
	l->instance = settings->instance;
	l->is_alone = settings->is_alone;
	l->skips_upkeep = settings->skips_upkeep;
	if (settings->is_brief)
		buf_addf(&l->common, "%.*s#brief",
			 (int)strcspn(l->instance, "#"), l->instance);
	l->upkeep_timer.fire = upkeep_fired;
	l->end_timer.fire = end_fired;
	return l;
}

void liveness_free(struct liveness *l)
{
	if (!l)
		return;
	loop_disarm(l->hub->loop, &l->upkeep_timer);
	loop_disarm(l->hub->loop, &l->end_timer);
	buf_free(&l->ended);
	buf_free(&l->common);
	free(l);
}

const char *liveness_instance(const struct liveness *l)
{
	return l->instance;
}

static void log_failure(const char *what, enum pg_status status,
			const struct pg_result *result)
{
	if (status == PG_FAILED)
		logger(LEVEL_ERROR, what, "why=\"%s\"", pg_message(result));
}

static void on_swept(void *context, enum pg_status status,
		     const struct pg_result *result)
{
	(void)context;
	log_failure("stream_sweep", status, result);
}

static void on_maintained(void *context, enum pg_status status,
			  const struct pg_result *result)
{
	(void)context;
	log_failure("log_maintain", status, result);
}

static void on_erased(void *context, enum pg_status status,
		      const struct pg_result *result);

static void erase_accounts(struct liveness *l)
{
	pg_async_send(l->hub->pg, &ERASE, 0, NULL, on_erased, l);
}

static void on_erased(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	log_failure("erase_accounts", status, result);
	/* More can be done at once. */
	if (status == PG_OK && *pg_field(result, 0, 0) == 't')
		erase_accounts(context);
}

/* The database takes a long-silent process for dead and ends its sessions. Its
 * streams then have to open again. */
static void on_upkeep(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	struct liveness *l = context;
	struct hub *hub = l->hub;
	bool was_known = l->is_known;

	log_failure("stream_upkeep", status, result);
	if (status != PG_OK)
		return;
	l->is_known = true;
	if (was_known && *pg_field(result, 0, 0) == 'f' &&
	    hub->counts.streams) {
		logger(LEVEL_WARN, "taken_for_dead", "streams=%u",
		       hub->counts.streams);
		hub_end_all(hub, END_RESTART);
	}
}

static void on_common(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	(void)context;
	log_failure("stream_upkeep", status, result);
}

static void upkeep_fired(struct timer *timer)
{
	struct liveness *l = container_of(timer, struct liveness, upkeep_timer);
	struct pg_async *pg = l->hub->pg;

	if (pg_async_is_up(pg)) {
		struct pg_param instance = { .data = l->instance };
		struct pg_param common = { .data = buf_text(&l->common) };

		pg_async_send(pg, &UPKEEP, 1, &instance, on_upkeep, l);
		if (l->common.len)
			pg_async_send(pg, &UPKEEP, 1, &common, on_common, l);
		erase_accounts(l);
		if (l->upkeeps++ % MAINTAIN_EVERY == 0)
			pg_async_send(pg, &MAINTAIN, 0, NULL, on_maintained, l);
	}
	loop_arm(l->hub->loop, &l->upkeep_timer, UPKEEP_INTERVAL);
}

void liveness_connected(struct liveness *l)
{
	struct pg_param instance = { .data = l->instance };

	/* Streams of an earlier run are gone: their sockets went with it. */
	if (l->is_alone)
		pg_async_send(l->hub->pg, &SWEEP, 1, &instance, on_swept, l);
	l->is_alone = false;
	if (l->skips_upkeep)
		loop_arm(l->hub->loop, &l->upkeep_timer, UPKEEP_INTERVAL);
	else
		upkeep_fired(&l->upkeep_timer);
	l->skips_upkeep = false;
}

void liveness_end_session(struct liveness *l, const char *session)
{
	buf_add_text(&l->ended, l->ended.len ? "," : "{");
	buf_add_text(&l->ended, session);
	if (!l->end_timer.place)
		loop_arm(l->hub->loop, &l->end_timer, END_DELAY);
}

static void on_ended(void *context, enum pg_status status,
		     const struct pg_result *result)
{
	(void)context;
	log_failure("stream_close", status, result);
}

static void end_fired(struct timer *timer)
{
	struct liveness *l = container_of(timer, struct liveness, end_timer);
	struct pg_param list;

	if (!pg_async_is_up(l->hub->pg)) {
		loop_arm(l->hub->loop, &l->end_timer, END_RETRY);
		return;
	}
	buf_add_text(&l->ended, "}");
	list = (struct pg_param){ .data = buf_text(&l->ended) };
	pg_async_send(l->hub->pg, &END, 1, &list, on_ended, l);
	buf_free(&l->ended);
}

static void on_left(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	log_failure("stream_leave", status, result);
	((struct liveness *)context)->has_left = true;
}

void liveness_leave(struct liveness *l)
{
	struct loop *loop = l->hub->loop;
	struct pg_param instance = { .data = l->instance };
	int64_t deadline = loop_now(loop) + LEAVE_TIMEOUT;

	if (!pg_async_is_up(l->hub->pg))
		return;
	loop_disarm(loop, &l->upkeep_timer);
	if (!l->upkeeps && !l->ended.len)
		return; /* the database has not heard of this process */
	if (l->ended.len)
		end_fired(&l->end_timer);
	pg_async_send(l->hub->pg, &LEAVE, 1, &instance, on_left, l);
	while (!l->has_left && loop_now(loop) < deadline)
		loop_turn(loop, LEAVE_TURN);
}
