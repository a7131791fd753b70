/* Nobody waits for more than one item of another key. */
#include "cmocka_tap.h"
#include "hub/turns.h"

static const unsigned char ANN[TURNS_KEY] = "ann", BEN[TURNS_KEY] = "ben";

static void waits_for_one_of_another(void **state)
{
	struct turns *turns = turns_create();
	struct turn ann[3], ben;

	(void)state;
	for (int i = 0; i < 3; i++)
		turns_wait(turns, &ann[i], ANN);
	turns_wait(turns, &ben, BEN);
	assert_ptr_equal(turns_next(turns), &ann[0]);
	assert_ptr_equal(turns_next(turns), &ben);
	assert_null(turns_next(turns));
	turns_done(turns, &ann[0]);
	assert_ptr_equal(turns_next(turns), &ann[1]);
	turns_done(turns, &ben);
	turns_done(turns, &ann[1]);
	assert_ptr_equal(turns_next(turns), &ann[2]);
	assert_null(turns_first(turns));
	turns_done(turns, &ann[2]);
	turns_free(turns);
}

static void who_leaves_is_not_asked(void **state)
{
	struct turns *turns = turns_create();
	struct turn ann[2], ben;

	(void)state;
	turns_wait(turns, &ann[0], ANN);
	turns_wait(turns, &ann[1], ANN);
	turns_wait(turns, &ben, BEN);
	turns_leave(turns, &ann[0]);
	turns_leave(turns, &ben);
	assert_ptr_equal(turns_first(turns), &ann[1]);
	assert_ptr_equal(turns_next(turns), &ann[1]);
	assert_null(turns_next(turns));
	turns_done(turns, &ann[1]);
	turns_free(turns);
}

static void what_is_too_much_is_given_back(void **state)
{
	struct turns *turns = turns_create();
	struct turn ann[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		turns_wait(turns, &ann[i], ANN);
	assert_ptr_equal(turns_next(turns), &ann[0]);
	assert_null(turns_excess(turns, &ann[0], 0));
	assert_null(turns_excess(turns, &ann[0], 3));
	assert_ptr_equal(turns_excess(turns, &ann[0], 1), &ann[1]);
	assert_ptr_equal(turns_excess(turns, &ann[0], 1), &ann[2]);
	assert_null(turns_excess(turns, &ann[0], 1));
	turns_done(turns, &ann[0]);
	assert_ptr_equal(turns_next(turns), &ann[3]);
	turns_done(turns, &ann[3]);
	turns_free(turns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_one_of_another),
		cmocka_unit_test(who_leaves_is_not_asked),
		cmocka_unit_test(what_is_too_much_is_given_back),
	};

	return RUN_TAP(tests);
}
