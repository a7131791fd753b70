/* The newest dispatches, within a limit of bytes. */
#include <string.h>

#include "cmocka_tap.h"
#include "log/dispatch.h"
#include "log/window.h"

static const char ROOM[] = "01234567-89ab-cdef-0011-223344556677";

static void add(struct window *w, int64_t seq)
{
	struct dispatch *d =
		dispatch_create("e", seq, ROOM, NULL, NULL, "{\"seq\":1}");

	window_add(w, d);
	dispatch_unref(d);
}

static void finds_what_is_above(void **state)
{
	struct window *w = window_create(1 << 20);

	(void)state;
	window_reset(w, 10);
	for (int64_t seq = 12; seq < 5000; seq += 2)
		add(w, seq);
	assert_int_equal(window_floor(w), 10);
	assert_int_equal(window_at(w, window_after(w, 10))->seq, 12);
	assert_int_equal(window_at(w, window_after(w, 12))->seq, 14);
	assert_int_equal(window_at(w, window_after(w, 13))->seq, 14);
	assert_int_equal(window_after(w, 4998), window_count(w));
	window_free(w);
}

static void drops_the_oldest(void **state)
{
	struct window *w = window_create(2000);

	(void)state;
	window_reset(w, 0);
	for (int64_t seq = 1; seq <= 1000; seq++)
		add(w, seq);
	assert_true(window_count(w) < 30);
	assert_int_equal(window_at(w, 0)->seq, window_floor(w) + 1);
	assert_int_equal(window_at(w, window_count(w) - 1)->seq, 1000);
	window_drop(w, 998);
	assert_int_equal(window_count(w), 2);
	assert_int_equal(window_floor(w), 998);
	window_drop(w, 10);
	assert_int_equal(window_count(w), 2);
	assert_int_equal(window_floor(w), 998);
	window_drop(w, 1500);
	assert_int_equal(window_count(w), 0);
	assert_int_equal(window_floor(w), 1500);
	add(w, 1501);
	window_reset(w, 2000);
	assert_int_equal(window_count(w), 0);
	assert_int_equal(window_floor(w), 2000);
	window_free(w);
}

static bool add_before(struct window *w, int64_t seq)
{
	struct dispatch *d =
		dispatch_create("e", seq, ROOM, NULL, NULL, "{\"seq\":1}");
	bool added = window_add_before(w, seq, d);

	dispatch_unref(d);
	return added;
}

static void remembers_backwards(void **state)
{
	struct window *w = window_create(1 << 20);

	(void)state;
	window_reset(w, 5000);
	add(w, 5002);
	for (int64_t seq = 5000; seq > 1000; seq--)
		assert_true(add_before(w, seq));
	assert_int_equal(window_floor(w), 1000);
	assert_true(window_add_before(w, 1000, NULL));
	assert_int_equal(window_floor(w), 999);
	assert_int_equal(window_count(w), 4001);
	for (size_t i = 0; i < 4000; i++)
		assert_int_equal(window_at(w, i)->seq, 1001 + (int64_t)i);
	assert_int_equal(window_at(w, 4000)->seq, 5002);
	assert_int_equal(window_at(w, window_after(w, 3000))->seq, 3001);
	window_free(w);
	w = window_create(2000);
	window_reset(w, 5000);
	add(w, 5001);
	for (int64_t seq = 5000; add_before(w, seq); seq--)
		;
	assert_true(window_count(w) > 1 && window_count(w) < 30);
	assert_int_equal(window_at(w, 0)->seq, window_floor(w) + 1);
	assert_int_equal(window_at(w, window_count(w) - 1)->seq, 5001);
	window_free(w);
}

static void encodes_once_for_all_transports(void **state)
{
	static const char JSON[] = "{\"data\":{},\n\"seq\":7}";
	struct dispatch *d =
		dispatch_create("e1", 7, ROOM, "{30,10,20}", NULL, JSON);
	char text[128];

	(void)state;
	memcpy(text, d->text, d->size);
	text[d->size] = '\0';
	assert_string_equal(text, "id: e1:7\nevent: dispatch\n"
				  "data: {\"data\":{}, \"seq\":7}\n\n");
	assert_int_equal(d->json_len, strlen(JSON));
	assert_memory_equal(d->text + d->json_at, "{\"data\"", 7);
	assert_int_equal(d->n_accounts, 3);
	assert_int_equal(d->accounts[0], 10);
	assert_int_equal(d->accounts[2], 30);
	dispatch_unref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_above),
		cmocka_unit_test(drops_the_oldest),
		cmocka_unit_test(remembers_backwards),
		cmocka_unit_test(encodes_once_for_all_transports),
	};

	return RUN_TAP(tests);
}
