/* shares_test: one account does not occupy all workers. */
#include "web/shares.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cmocka_tap.h"

static int make(void **state)
{
	*state = xcalloc(1, sizeof(struct shares));
	return 0;
}

static int unmake(void **state)
{
	free(*state);
	return 0;
}

static void an_account_keeps_so_many_workers_and_no_more(void **state)
{
	struct shares *shares = *state;
	struct share *worker[4];

	for (int i = 0; i < 4; i++) {
		worker[i] = shares_enter(shares);
		assert_non_null(worker[i]);
	}
	for (int i = 0; i < 3; i++)
		assert_true(shares_begin(shares, worker[i], 7, 3));
	assert_false(shares_begin(shares, worker[3], 7, 3));
	assert_true(shares_begin(shares, worker[3], 8, 3));
	shares_end(worker[3]);
	shares_end(worker[0]);
	assert_true(shares_begin(shares, worker[3], 7, 3));
}

static void the_place_of_a_dead_worker_is_taken_and_counts_no_more(void **state)
{
	struct shares *shares = *state;
	struct share *own;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	atomic_store(&shares->of[0].worker, (int32_t)child);
	atomic_store(&shares->of[0].account, 7);
	own = shares_enter(shares);
	assert_ptr_equal(own, &shares->of[0]);
	assert_true(shares_begin(shares, own, 7, 1));
}

static void a_full_table_has_no_place(void **state)
{
	struct shares *shares = *state;

	for (int i = 0; i < SHARES_WORKERS; i++)
		assert_non_null(shares_enter(shares));
	assert_null(shares_enter(shares));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_account_keeps_so_many_workers_and_no_more),
		TEST(the_place_of_a_dead_worker_is_taken_and_counts_no_more),
		TEST(a_full_table_has_no_place),
	};

	return RUN_TAP(tests);
}
