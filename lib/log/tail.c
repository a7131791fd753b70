/* tail: the log, in order, without a lock among writers and without a gap for
 * readers. Called by confab-events and confab-bridge through tail.h; owns its
 * connection; lives on the loop's thread.
 *
 * The problem. A number (seq) is drawn before its transaction commits, so 7 may
 * become visible before 6. A reader that goes on to 7 has lost 6; one that
 * waits for 6 waits for ever when 6 was rolled back.
 *
 * The rule. nextval() takes a RowExclusiveLock on the sequence before it draws,
 * held by the top-level transaction until it ends (lock_and_open_sequence() in
 * PostgreSQL's sequence.c, 10 to 18; tested at every start, see selftest.c).
 * pg_locks thus lists everybody who may still hold an undelivered number:
 *
 *   1. ROWS shows a row above a hole: raise a fence at the greatest seq seen,
 *      and take H, the holders listed after that.
 *   2. Ask again for L, the holders, and then for ROWS. When nobody of H is
 *      left in L, every number up to the fence is settled: what is not among
 *      these ROWS was never committed.
 *
 * Why nothing is lost. The row above the hole was visible, so its number was
 * drawn, so the hole's number was drawn earlier, so its owner held the lock
 * before H was read: it is in H, or has ended. PostgreSQL makes a commit
 * visible before it releases the transaction's locks; an owner that is no
 * longer listed has therefore ended, and if it committed, the snapshot of the
 * later ROWS shows its row. Why nothing waits for strangers: only who holds
 * this lock in this database is asked about, and only while there is a hole.
 *
 * What it needs. LOCKS and then ROWS are statements of their own, each with a
 * READ COMMITTED snapshot (never one statement, never one transaction);
 * sequence CACHE 1; writers commit durably; the primary is asked, not a
 * standby; a fence dies with its connection. A head to start from is a row that
 * was seen, not the sequence's last value: what was drawn and never committed
 * may be drawn again after a crash. When the numbering itself can't be
 * trusted (epoch changed, last value below the cursor) we start anew at the
 * head and say so. tests/log/torture.c tries to refute all of this. */
#include "log/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/xalloc.h"
#include "log/fence.h"
#include "log/selftest.h"
#include "log/tail_variants.h"
#include "pg/async.h"

enum {
	READ_LIMIT = 512,      /* rows of one ROWS statement */
	FENCE_INTERVAL = 1,    /* ms between looks while there is a fence */
	HOT_INTERVAL = 5,      /* ms between reads while rings may be skipped */
	HOT_PERIOD = 100,      /* ms of quiet that end the hot period */
	FLOOR_INTERVAL = 1000, /* ms: a lost ring costs at most this */
	STUCK_AFTER = 3000,    /* ms until a fence is reported */
};

enum tail_state {
	TAIL_AWAY,     /* no connection, or in its self-test */
	TAIL_SETTLING, /* looking for a decided head to start from */
	TAIL_IDLE,     /* waiting for a ring or the timer */
	TAIL_READING,  /* an answer is due */
};

struct tail {
	struct loop *loop;
	struct pg_async *pg;
	const struct tail_handler *handler;
	void *context;
	enum tail_state state;
	bool started;    /* cursor and epoch are valid */
	bool look_again; /* a ring came meanwhile, or the log has more */
	char *epoch;
	int64_t cursor;  /* everything up to here was delivered */
	int64_t settled; /* everything up to here is decided */
	int64_t hot_until;
	struct fence fence;
	bool reported;      /* the wait was reported */
	struct timer timer; /* next look */
	struct selftest selftest;
	struct tail_counts counts;
};

#define SIGNALS "confab_signal"
static const struct pg_statement LISTEN_SIGNAL = { NULL, "listen " SIGNALS };
static const struct pg_statement STATE = {
	NULL, "select epoch, floor, last_value, head from confab.log_state()"
};
enum state_column {
	STATE_EPOCH,
	STATE_FLOOR,
	STATE_LAST,
	STATE_HEAD,
};
static const struct pg_statement LOCKS = {
	"locks",
	"select in_recovery, server_start, holders from confab.log_holders()"
};
enum locks_column {
	LOCKS_IN_RECOVERY,
	LOCKS_SERVER_START,
	LOCKS_HOLDERS,
};
static const struct pg_statement ROWS = {
	"rows", "select seq, room_id, account_ids, effect, payload,"
		" message_ids, stamp, recipient_id"
		" from confab.log_read($1::bigint, $2::int)"
};
enum rows_column {
	ROWS_SEQ,
	ROWS_ROOM,
	ROWS_ACCOUNTS,
	ROWS_EFFECT,
	ROWS_PAYLOAD,
	ROWS_MESSAGES,
	ROWS_STAMP,
	ROWS_RECIPIENT,
};

static void read_log(struct tail *tail);

static void raise_fence(struct tail *tail, int64_t hi)
{
	fence_raise(&tail->fence, hi, loop_now(tail->loop));
	tail->reported = false;
	tail->counts.fences++;
}

static void give_up(struct tail *tail, const char *why)
{
	tail->handler->warn(tail->context, "tail", why);
	pg_async_reconnect(tail->pg, why);
}

/* For statements whose answer does not matter. */
static void on_other(void *context, enum pg_status status,
		     const struct pg_result *result)
{
	(void)context;
	(void)status;
	(void)result;
}

static void report_stuck(struct tail *tail)
{
	struct fence *fence = &tail->fence;
	char text[512];

	if (tail->reported || loop_now(tail->loop) - fence->since < STUCK_AFTER)
		return;
	tail->reported = true;
	snprintf(text, sizeof(text),
		 "seq=%lld holders=%.160s advice=\"a transaction that drew a "
		 "number stays open; see pg_locks.virtualtransaction\"",
		 (long long)fence->hi, fence->holders);
	tail->handler->warn(tail->context, "fence_waits", text);
}

/* The head is decided: everything after it is delivered. */
static void start_at(struct tail *tail, int64_t head)
{
	tail->cursor = head;
	tail->settled = head;
	tail->started = true;
	fence_drop(&tail->fence);
	tail->handler->start(tail->context, tail->epoch, head);
	tail->handler->away(tail->context, NULL);
	read_log(tail);
}

/* LOCKS: step 2 of the rule, or the H of step 1 if that is still due. */
static void on_locks(void *context, enum pg_status status,
		     const struct pg_result *result)
{
	struct tail *tail = context;
	struct fence *fence = &tail->fence;

	if (status == PG_FAILED)
		give_up(tail, pg_message(result));
	if (status != PG_OK || !fence->hi)
		return;
	if (pg_field(result, 0, LOCKS_IN_RECOVERY)[0] == 't') {
		give_up(tail, "the server is a standby");
		return;
	}
	if (!fence_drained(fence, pg_field(result, 0, LOCKS_SERVER_START),
			   pg_field(result, 0, LOCKS_HOLDERS))) {
		report_stuck(tail);
		if (tail->state == TAIL_SETTLING)
			loop_arm(tail->loop, &tail->timer, FENCE_INTERVAL);
		return;
	}
	if (tail->state == TAIL_SETTLING) {
		start_at(tail, fence->hi);
		return;
	}
	tail->settled = fence->hi;
	fence_drop(&tail->fence);
}

static void give_row(struct tail *tail, const struct pg_result *result, int i)
{
	struct tail_row row = {
		.seq = tail->cursor,
		.room = pg_field(result, i, ROWS_ROOM),
		.accounts = pg_field(result, i, ROWS_ACCOUNTS),
		.effect = pg_field(result, i, ROWS_EFFECT),
		.payload = pg_field(result, i, ROWS_PAYLOAD),
		.messages = pg_field(result, i, ROWS_MESSAGES),
		.recipient = pg_field(result, i, ROWS_RECIPIENT),
	};

	tail->counts.rows++;
	tail->handler->row(tail->context, &row);
}

/* Delivers the rows that are settled or free of gaps. Returns the number of
 * rows left. */
static int deliver_rows(struct tail *tail, const struct pg_result *result)
{
	int n = pg_rows(result);

	for (int i = 0; i < n; i++) {
		int64_t seq = strtoll(pg_field(result, i, ROWS_SEQ), NULL, 10);

		if (seq > tail->settled && tail->cursor < tail->settled)
			tail->cursor = tail->settled;
		if (seq > tail->settled && seq != tail->cursor + 1 &&
		    !is_variant("ignore-holes"))
			return n - i;
		tail->cursor = seq;
		give_row(tail, result, i);
	}
	if (n < READ_LIMIT && tail->cursor < tail->settled)
		tail->cursor = tail->settled;
	return 0;
}

static void witness_row(struct tail *tail, const struct pg_result *result,
			int i)
{
	struct witness *witness = &tail->selftest.witness;

	witness->at.seq = strtoll(pg_field(result, i, ROWS_SEQ), NULL, 10);
	witness->stamp = strtoll(pg_field(result, i, ROWS_STAMP), NULL, 10);
	snprintf(witness->at.epoch, sizeof(witness->at.epoch), "%s",
		 tail->epoch);
}

static void plan_look(struct tail *tail)
{
	tail->state = TAIL_IDLE;
	if (tail->look_again)
		read_log(tail);
	else if (tail->fence.hi)
		loop_arm(tail->loop, &tail->timer, FENCE_INTERVAL);
	else if (loop_now(tail->loop) < tail->hot_until)
		loop_arm(tail->loop, &tail->timer, HOT_INTERVAL);
	else
		loop_arm(tail->loop, &tail->timer, FLOOR_INTERVAL);
}

static void on_rows(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	struct tail *tail = context;
	int64_t before = tail->cursor;
	int n, left;

	if (status == PG_FAILED)
		give_up(tail, pg_message(result));
	if (status != PG_OK || tail->state != TAIL_READING)
		return;
	n = pg_rows(result);
	left = deliver_rows(tail, result);
	if (tail->cursor >= tail->fence.hi)
		fence_drop(&tail->fence);
	if (left < n)
		witness_row(tail, result, n - left - 1);
	if (tail->cursor > before) {
		tail->hot_until = loop_now(tail->loop) + HOT_PERIOD;
		tail->handler->batch(tail->context, tail->cursor);
	}
	tail->look_again |= left ? !tail->fence.hi : n == READ_LIMIT;
	if (left && !tail->fence.hi) {
		tail->counts.holes++;
		raise_fence(tail, strtoll(pg_field(result, n - 1, ROWS_SEQ),
					  NULL, 10));
	}
	plan_look(tail);
}

/* Looks at the log once. The rule requires this order of the two statements. */
static void read_log(struct tail *tail)
{
	char after[24], limit[8];
	struct pg_param params[] = { { .data = after }, { .data = limit } };

	loop_disarm(tail->loop, &tail->timer);
	tail->look_again = false;
	tail->counts.reads++;
	snprintf(after, sizeof(after), "%lld", (long long)tail->cursor);
	snprintf(limit, sizeof(limit), "%d", READ_LIMIT);
	tail->state = TAIL_READING;
	begin_variant(tail->pg, &ROWS, params, on_other);
	if (tail->fence.hi)
		pg_async_send(tail->pg, &LOCKS, 0, NULL, on_locks, tail);
	pg_async_send(tail->pg, &ROWS, 2, params, on_rows, tail);
	end_variant(tail->pg, on_other);
}

static void timer_fired(struct timer *timer)
{
	struct tail *tail = container_of(timer, struct tail, timer);

	if (tail->state == TAIL_SETTLING)
		pg_async_send(tail->pg, &LOCKS, 0, NULL, on_locks, tail);
	else if (tail->state == TAIL_IDLE)
		read_log(tail);
}

static void on_silent(void *context)
{
	struct tail *tail = context;

	tail->handler->warn(tail->context, "doorbell_silent",
			    "advice=\"dispatches wait up to 1 s; connect "
			    "directly, not through a pooler\"");
}

static void on_restored(void *context)
{
	struct tail *tail = context;

	tail->handler->warn(tail->context, "restored",
			    "advice=\"the database is an older state of "
			    "itself, or another one: its numbers start anew, "
			    "and every client loads what it shows again\"");
}

static void on_unfit(void *context, const char *why)
{
	give_up(context, why);
}

static void on_state(void *context, enum pg_status status,
		     const struct pg_result *result)
{
	struct tail *tail = context;
	const char *epoch;
	int64_t floor, last, head;

	if (status == PG_FAILED)
		give_up(tail, pg_message(result));
	if (status != PG_OK)
		return;
	epoch = pg_field(result, 0, STATE_EPOCH);
	floor = strtoll(pg_field(result, 0, STATE_FLOOR), NULL, 10);
	last = strtoll(pg_field(result, 0, STATE_LAST), NULL, 10);
	head = strtoll(pg_field(result, 0, STATE_HEAD), NULL, 10);
	if (tail->started && !strcmp(tail->epoch, epoch) &&
	    tail->cursor <= last && tail->cursor >= floor) {
		tail->settled = tail->cursor;
		tail->handler->away(tail->context, NULL);
		read_log(tail);
		return;
	}
	free(tail->epoch);
	tail->epoch = xstrdup(epoch);
	tail->state = TAIL_SETTLING;
	if (head == 0 || is_variant("unsettled-head")) {
		start_at(tail, head);
		return;
	}
	raise_fence(tail, head);
	pg_async_send(tail->pg, &LOCKS, 0, NULL, on_locks, tail);
}

static void on_up(void *context)
{
	struct tail *tail = context;

	selftest_run(&tail->selftest);
	pg_async_send(tail->pg, &LISTEN_SIGNAL, 0, NULL, on_other, tail);
	pg_async_send(tail->pg, &STATE, 0, NULL, on_state, tail);
	if (tail->handler->up)
		tail->handler->up(tail->context);
}

static void on_down(void *context, const char *reason)
{
	struct tail *tail = context;

	tail->state = TAIL_AWAY;
	fence_drop(&tail->fence);
	loop_disarm(tail->loop, &tail->timer);
	selftest_stop(&tail->selftest);
	tail->handler->away(tail->context, reason);
}

static void on_notified(void *context, const char *channel, const char *said)
{
	struct tail *tail = context;

	if (strcmp(channel, SIGNALS) == 0) {
		if (tail->handler->signal)
			tail->handler->signal(tail->context, said);
		return;
	}
	tail->counts.rings++;
	/* confab.restore_done(): the numbering is another from now on. */
	if (!strcmp(said, "anew")) {
		pg_async_reconnect(tail->pg, "the numbering starts anew");
		return;
	}
	selftest_hear(&tail->selftest, said);
	tail->hot_until = loop_now(tail->loop) + HOT_PERIOD;
	tail->look_again = true;
	if (tail->state == TAIL_IDLE)
		read_log(tail);
}

static const struct pg_async_handler PG_HANDLER = {
	.up = on_up,
	.down = on_down,
	.notified = on_notified,
};

struct tail *tail_create(struct loop *loop, const char *conninfo,
			 const char *user, const char *application,
			 const struct tail_handler *handler, void *context)
{
	struct tail *tail = xcalloc(1, sizeof(*tail));

	tail->loop = loop;
	tail->handler = handler;
	tail->context = context;
	tail->timer.fire = timer_fired;
	tail->pg = pg_async_create(loop, conninfo, user, application,
				   &PG_HANDLER, tail);
	tail->selftest = (struct selftest){ .loop = loop,
					    .pg = tail->pg,
					    .context = tail,
					    .failed = on_unfit,
					    .silent = on_silent,
					    .restored = on_restored };
	return tail;
}

void tail_free(struct tail *tail)
{
	if (!tail)
		return;
	tail->state = TAIL_AWAY;
	pg_async_free(tail->pg);
	loop_disarm(tail->loop, &tail->timer);
	selftest_stop(&tail->selftest);
	fence_drop(&tail->fence);
	free(tail->epoch);
	free(tail);
}

void tail_resume(struct tail *tail, const char *epoch, int64_t cursor)
{
	free(tail->epoch);
	tail->epoch = xstrdup(epoch);
	tail->cursor = cursor;
	tail->settled = cursor;
	tail->started = true;
}

int64_t tail_fence_age(const struct tail *tail)
{
	return tail->fence.hi ? loop_now(tail->loop) - tail->fence.since : 0;
}

const struct witness *tail_witness(const struct tail *tail)
{
	return &tail->selftest.witness;
}

void tail_remember(struct tail *tail, const struct witness *witness)
{
	tail->selftest.witness = *witness;
}

struct pg_async *tail_connection(const struct tail *tail)
{
	return tail->pg;
}

void tail_trust(struct tail *tail)
{
	tail->selftest.is_passed = true;
}

const struct tail_counts *tail_counts(const struct tail *tail)
{
	return &tail->counts;
}
