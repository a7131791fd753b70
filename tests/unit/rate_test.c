/* rate: buckets in shared memory, against a model and from several processes.
 */
#include "base/rate.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_tap.h"

enum {
	SECOND = 1000000
};

static struct rate_table *make(void)
{
	struct rate_table *table =
		mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(table, MAP_FAILED);
	return table;
}

static uint64_t key_of(unsigned n)
{
	return rate_key(7, 1, &n, sizeof(n));
}

static void test_burst_then_steady(void **state)
{
	struct rate_table *table = make();
	int64_t now = 1000 * SECOND, wait;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1),
				 0);
	wait = rate_take(table, key_of(1), now, 60, 10, 1);
	assert_int_equal(wait, SECOND);
	/* A refusal takes nothing: waiting the given time is enough. */
	assert_int_equal(rate_take(table, key_of(1), now + wait - 1, 60, 10, 1),
			 1);
	assert_int_equal(rate_take(table, key_of(1), now + wait, 60, 10, 1), 0);
	assert_true(rate_take(table, key_of(1), now + wait, 60, 10, 1) > 0);
	/* After a long rest the bucket holds burst units, not more. */
	now += 3600LL * SECOND;
	for (int i = 0; i < 10; i++)
		assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1),
				 0);
	assert_true(rate_take(table, key_of(1), now, 60, 10, 1) > 0);
	munmap(table, sizeof(*table));
}

static void test_units(void **state)
{
	struct rate_table *table = make();
	int64_t now = 1000 * SECOND;

	(void)state;
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 7), 0);
	/* Three are left. */
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 5),
			 2 * SECOND);
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 3), 0);
	/* More than a full bucket holds takes all of it. */
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1000),
			 10 * SECOND);
	now += 10 * SECOND;
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1000), 0);
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1), SECOND);
	munmap(table, sizeof(*table));
}

static void test_spend(void **state)
{
	struct rate_table *table = make();
	int64_t now = 1000 * SECOND;

	(void)state;
	assert_int_equal(rate_used(table, key_of(1), now, 60), 0);
	rate_spend(table, key_of(1), now, 60, 10, 4);
	assert_int_equal(rate_used(table, key_of(1), now, 60), 4);
	rate_spend(table, key_of(1), now, 60, 10, 9);
	assert_int_equal(rate_used(table, key_of(1), now, 60), 13);
	assert_int_equal(rate_take(table, key_of(1), now, 60, 10, 1),
			 4 * SECOND);
	/* The debt has an end. */
	rate_spend(table, key_of(1), now, 60, 10, 1000);
	assert_int_equal(rate_used(table, key_of(1), now, 60), 20);
	assert_int_equal(rate_used(table, key_of(1), now + 15 * SECOND, 60), 5);
	assert_int_equal(rate_used(table, key_of(1), now + 21 * SECOND, 60), 0);
	munmap(table, sizeof(*table));
}

/* Over time a bucket admits as much as the model does. */
static void test_model(void **state)
{
	struct rate_table *table = make();
	int64_t now = 50 * SECOND, last = now;
	double level = 20;

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		bool taken;

		now += rand() % 200000;
		level += (double)(now - last) * 600 / 60 / SECOND;
		if (level > 20)
			level = 20;
		last = now;
		taken = rate_take(table, key_of(2), now, 600, 20, 1) == 0;
		/* Equal, apart from rounding at the edge. */
		if (level > 1.001)
			assert_true(taken);
		if (level < 0.999)
			assert_false(taken);
		if (taken)
			level -= 1;
	}
	munmap(table, sizeof(*table));
}

static void test_keys_are_apart(void **state)
{
	struct rate_table *table = make();
	int64_t now = SECOND;

	(void)state;
	for (unsigned key = 0; key < 5000; key++) {
		assert_int_equal(rate_take(table, key_of(key), now, 1, 1, 1),
				 0);
		assert_true(rate_take(table, key_of(key), now, 1, 1, 1) > 0);
	}
	/* Small numbers of both kinds, such as classes and accounts. */
	for (unsigned kind = 0; kind < 8; kind++)
		for (int64_t id = 0; id < 64; id++)
			for (unsigned other = 0; other < 8; other++)
				for (int64_t who = 0; who < 64; who++)
					if (kind != other || id != who)
						assert_true(rate_key(7, kind,
								     &id, 8) !=
							    rate_key(7, other,
								     &who, 8));
	assert_true(rate_key(7, 1, "a", 1) != rate_key(8, 1, "a", 1));
	munmap(table, sizeof(*table));
}

/* Ten times as many keys as slots: no new key is refused, and a key in constant
 * use stays limited. */
static void test_full_table(void **state)
{
	struct rate_table *table = make();
	unsigned many = RATE_SETS * RATE_WAYS * 10, refused = 0;
	int64_t now = SECOND;

	(void)state;
	for (unsigned key = 0; key < many; key++) {
		assert_int_equal(rate_take(table, key_of(key), now, 60, 2, 1),
				 0);
		refused += rate_take(table, key_of(key), now, 60, 2, 1) > 0;
		refused += rate_take(table, key_of(key), now, 60, 2, 1) > 0;
		now += 10;
	}
	assert_int_equal(refused, many);
	munmap(table, sizeof(*table));
}

/* Processes that share a bucket get together what it holds, even if one of them
 * is killed in the middle. */
static void test_processes(void **state)
{
	struct rate_table *table = make();
	void *shared = mmap(NULL, sizeof(_Atomic int), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	_Atomic int *taken = shared;
	pid_t pids[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		for (int n = 0; i == 0 || n < 20000; n++)
			if (i == 0)
				rate_take(table, key_of(4), n, 60, 1, 1);
			else if (rate_take(table, key_of(3), SECOND, 60, 10000,
					   1) == 0)
				atomic_fetch_add(taken, 1);
		_exit(0);
	}
	for (int i = 1; i < 4; i++)
		waitpid(pids[i], NULL, 0);
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	assert_int_equal(atomic_load(taken), 10000);
	assert_int_equal(rate_take(table, key_of(4), 3600LL * SECOND, 60, 1, 1),
			 0);
	munmap(shared, sizeof(*taken));
	munmap(table, sizeof(*table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_steady),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_spend),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_keys_are_apart),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_processes),
	};

	return RUN_TAP(tests);
}
