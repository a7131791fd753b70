/* The fence: it drains when every holder of its start has gone. */
#include "cmocka_tap.h"

#include "log/fence.h"

static void test_nobody_is_waited_for(void **state)
{
	struct fence fence = { 0 };

	(void)state;
	fence_raise(&fence, 7, 100);
	assert_int_equal(fence.hi, 7);
	assert_int_equal(fence.since, 100);
	assert_true(fence_drained(&fence, "today", ""));
	fence_drop(&fence);
	assert_int_equal(fence.hi, 0);
}

static void test_whoever_was_there_is_waited_for(void **state)
{
	struct fence fence = { 0 };

	(void)state;
	fence_raise(&fence, 7, 0);
	assert_false(fence_drained(&fence, "today", "3/12,4/7"));
	assert_false(fence_drained(&fence, "today", "4/7,5/1"));
	/* Similar to another holder, but not the same. */
	assert_true(fence_drained(&fence, "today", "5/1,4/70,3/1,14/7"));
	fence_drop(&fence);
}

static void test_whoever_comes_later_is_not(void **state)
{
	struct fence fence = { 0 };

	(void)state;
	fence_raise(&fence, 7, 0);
	assert_false(fence_drained(&fence, "today", "3/12"));
	assert_true(fence_drained(&fence, "today", "3/13,4/1"));
	fence_drop(&fence);
}

static void test_another_server_is_asked_anew(void **state)
{
	struct fence fence = { 0 };

	(void)state;
	fence_raise(&fence, 7, 0);
	assert_false(fence_drained(&fence, "today", "3/12"));
	assert_false(fence_drained(&fence, "tomorrow", "4/1"));
	assert_true(fence_drained(&fence, "tomorrow", "3/12"));
	fence_drop(&fence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_is_waited_for),
		cmocka_unit_test(test_whoever_was_there_is_waited_for),
		cmocka_unit_test(test_whoever_comes_later_is_not),
		cmocka_unit_test(test_another_server_is_asked_anew),
	};

	return RUN_TAP(tests);
}
