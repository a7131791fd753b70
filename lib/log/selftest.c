/* selftest: see selftest.h. Owned by the tail; on the loop's thread. */
#include "log/selftest.h"

#include <stdio.h>
#include <string.h>

#include "base/container.h"
#include "base/crypto.h"
#include "pg/schema.h"

enum {
	RING_DEADLINE = 2000 /* ms until our own ring has to arrive */
};

static const struct pg_statement LISTEN = { NULL, "listen confab_doorbell" };
static const struct pg_statement WITNESS = {
	NULL, "select confab.log_witness($1, $2::bigint, $3::bigint)"
};
static const struct pg_statement BEGIN = { NULL, "begin" };
static const struct pg_statement ROLLBACK = { NULL, "rollback" };
static const struct pg_statement DRAW = { NULL, "select confab.log_probe()" };
static const struct pg_statement HOLDS = { NULL, "select confab.log_holds()" };
static const struct pg_statement RING = {
	NULL, "select pg_notify('confab_doorbell', $1)"
};

/* For statements whose answer does not matter. */
static void ignore_answer(void *context, enum pg_status status,
			  const struct pg_result *result)
{
	(void)context;
	(void)status;
	(void)result;
}

static void on_version(void *context, enum pg_status status,
		       const struct pg_result *result)
{
	struct selftest *test = context;
	struct buf why = { 0 };

	if (!schema_is_usable(status, result, &why) && why.len)
		test->failed(test->context, buf_text(&why));
	buf_free(&why);
}

static void on_held(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	struct selftest *test = context;

	test->held = status == PG_OK && pg_field(result, 0, 0)[0] == 't';
}

static void on_released(void *context, enum pg_status status,
			const struct pg_result *result)
{
	struct selftest *test = context;

	if (status == PG_FAILED)
		test->failed(test->context, pg_message(result));
	else if (status == PG_OK &&
		 (!test->held || pg_field(result, 0, 0)[0] == 't'))
		test->failed(test->context,
			     "this server's nextval() does not hold its lock "
			     "to the transaction's end: unsupported version");
}

static void on_witness(void *context, enum pg_status status,
		       const struct pg_result *result)
{
	struct selftest *test = context;

	if (status == PG_FAILED)
		test->failed(test->context, pg_message(result));
	else if (status == PG_OK && *pg_field(result, 0, 0) == 'f')
		test->restored(test->context);
}

/* Whether the row that was read last still exists. */
static void ask_witness(struct selftest *test)
{
	const struct witness *witness = &test->witness;
	char seq[24], stamp[24];
	struct pg_param params[] = { { 0 }, { 0 }, { 0 } };

	snprintf(seq, sizeof(seq), "%lld", (long long)witness->at.seq);
	snprintf(stamp, sizeof(stamp), "%lld", (long long)witness->stamp);
	if (*witness->at.epoch) {
		params[0].data = witness->at.epoch;
		params[1].data = seq;
		params[2].data = stamp;
	}
	pg_async_send(test->pg, &WITNESS, 3, params, on_witness, test);
}

static void ring_is_late(struct timer *timer)
{
	struct selftest *test = container_of(timer, struct selftest, limit);

	test->silent(test->context);
}

static void test_locks(struct selftest *test)
{
	test->held = false;
	pg_async_send(test->pg, &BEGIN, 0, NULL, ignore_answer, test);
	pg_async_send(test->pg, &DRAW, 0, NULL, ignore_answer, test);
	pg_async_send(test->pg, &HOLDS, 0, NULL, on_held, test);
	pg_async_send(test->pg, &ROLLBACK, 0, NULL, ignore_answer, test);
	pg_async_send(test->pg, &HOLDS, 0, NULL, on_released, test);
}

static void test_ring(struct selftest *test)
{
	struct pg_param payload = { .data = test->ring };

	secret_id(test->ring);
	test->limit.fire = ring_is_late;
	pg_async_send(test->pg, &RING, 1, &payload, ignore_answer, test);
	loop_arm(test->loop, &test->limit, RING_DEADLINE);
}

void selftest_run(struct selftest *test)
{
	pg_async_send(test->pg, &SCHEMA_VERSION, 0, NULL, on_version, test);
	pg_async_send(test->pg, &LISTEN, 0, NULL, ignore_answer, test);
	if (test->is_passed)
		return;
	test_locks(test);
	ask_witness(test);
	test_ring(test);
}

void selftest_stop(struct selftest *test)
{
	loop_disarm(test->loop, &test->limit);
}

void selftest_hear(struct selftest *test, const char *payload)
{
	if (!strcmp(payload, test->ring))
		loop_disarm(test->loop, &test->limit);
}
