/* Timers fire in order; a removed watch is not called. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmocka_tap.h"
#include "event/loop.h"

static int fired[64], n_fired;

struct numbered {
	struct timer timer;
	int number;
};

static void note(struct timer *timer)
{
	fired[n_fired++] = ((struct numbered *)timer)->number;
}

static void fires_in_order(void **state)
{
	static const int DELAYS[] = { 30, 5, 20, 10, 25, 1, 15 };
	static const int ORDER[] = { 5, 1, 3, 6, 2, 4, 0 };
	struct loop *loop = loop_create();
	struct numbered timers[7] = { 0 };

	(void)state;
	n_fired = 0;
	for (int i = 0; i < 7; i++) {
		timers[i].timer.fire = note;
		timers[i].number = i;
		loop_arm(loop, &timers[i].timer, DELAYS[i]);
	}
	while (n_fired < 7)
		loop_turn(loop, 1000);
	for (int i = 0; i < 7; i++)
		assert_int_equal(fired[i], ORDER[i]);
	loop_free(loop);
}

static void moves_and_disarms(void **state)
{
	struct loop *loop = loop_create();
	struct numbered timers[32] = { 0 };

	(void)state;
	n_fired = 0;
	for (int i = 0; i < 32; i++) {
		timers[i].timer.fire = note;
		timers[i].number = i;
		loop_arm(loop, &timers[i].timer, 1000 + i);
	}
	for (int i = 0; i < 32; i++)
		if (i != 7 && i != 21)
			loop_disarm(loop, &timers[i].timer);
	loop_arm(loop, &timers[7].timer, 10);
	loop_arm(loop, &timers[21].timer, 2);
	while (n_fired < 2)
		loop_turn(loop, 1000);
	assert_int_equal(fired[0], 21);
	assert_int_equal(fired[1], 7);
	loop_free(loop);
}

static struct loop *the_loop;
static struct watch pair[2];
static int calls;

static void close_the_other(struct watch *watch, uint32_t events)
{
	(void)events;
	calls++;
	loop_unwatch(the_loop, &pair[watch == &pair[0] ? 1 : 0]);
	loop_unwatch(the_loop, watch);
}

static void skips_a_watch_that_is_gone(void **state)
{
	int a[2], b[2];

	(void)state;
	the_loop = loop_create();
	assert_int_equal(pipe(a) + pipe(b), 0);
	assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
	pair[0].ready = pair[1].ready = close_the_other;
	loop_watch(the_loop, &pair[0], a[0], EPOLLIN);
	loop_watch(the_loop, &pair[1], b[0], EPOLLIN);
	loop_turn(the_loop, 0);
	loop_turn(the_loop, 0);
	assert_int_equal(calls, 1);
	loop_free(the_loop);
}

/* Another loop can drive it by watching its descriptor. */
static void its_descriptor_tells_of_timers(void **state)
{
	struct loop *loop = loop_create(), *outer = loop_create();
	struct watch watch = { .ready = close_the_other };
	struct numbered timer = { .timer.fire = note, .number = 3 };

	(void)state;
	n_fired = 0;
	calls = 0;
	the_loop = outer;
	pair[0] = pair[1] = (struct watch){ 0 };
	loop_watch(outer, &watch, loop_fd(loop), EPOLLIN);
	loop_turn(outer, 0);
	assert_int_equal(calls, 0);
	loop_arm(loop, &timer.timer, 5);
	while (!calls)
		loop_turn(outer, 1000);
	loop_turn(loop, 0);
	assert_int_equal(n_fired, 1);
	loop_free(loop);
	loop_free(outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_order),
		cmocka_unit_test(moves_and_disarms),
		cmocka_unit_test(skips_a_watch_that_is_gone),
		cmocka_unit_test(its_descriptor_tells_of_timers),
	};

	return RUN_TAP(tests);
}
