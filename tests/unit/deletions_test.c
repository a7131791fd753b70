/* Deleted messages, found in dispatches that wait in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cmocka_tap.h"
#include "log/deletions.h"

#define ID(n) "00000000-0000-4000-8000-00000000000" n

static void add(struct deletions *set, const char *text)
{
	const char *why;
	struct json *effect;
	struct buf json = { 0 };

	buf_addf(&json, "{\"deleted\":%s}", text);
	effect = json_parse(buf_text(&json), json.len, 3, &why);
	assert_null(why);
	deletions_add(set, effect, NULL);
	json_free(effect);
	buf_free(&json);
}

/* The fate of a dispatch that shows these messages. */
static enum dispatch_fate fate(struct deletions *set, const char *messages,
			       bool met)
{
	struct dispatch *d =
		dispatch_create("e", 1, NULL, "{1,2,3}", messages, "{}");
	enum dispatch_fate fate;

	assert_int_equal(deletions_meet(set, d), met);
	fate = d->fate;
	assert_int_equal(d->n_accounts, 3);
	assert_int_equal(d->accounts[2], 3);
	dispatch_unref(d);
	return fate;
}

static void all_some_or_none(void **state)
{
	struct deletions set = { 0 };

	(void)state;
	assert_int_equal(fate(&set, "{" ID("1") "}", false), DISPATCH_WHOLE);
	add(&set, "[\"" ID("3") "\",\"" ID("1") "\",\"none\",7]");
	assert_int_equal(set.count, 2);
	assert_int_equal(fate(&set, NULL, false), DISPATCH_WHOLE);
	assert_int_equal(fate(&set, "{}", false), DISPATCH_WHOLE);
	assert_int_equal(fate(&set, "{" ID("2") "}", false), DISPATCH_WHOLE);
	assert_int_equal(fate(&set, "{" ID("1") "}", true), DISPATCH_GONE);
	assert_int_equal(fate(&set, "{" ID("1") "," ID("3") "}", true),
			 DISPATCH_GONE);
	assert_int_equal(fate(&set, "{" ID("2") "," ID("3") "}", true),
			 DISPATCH_CHANGED);
	add(&set, "[\"" ID("2") "\"]");
	assert_int_equal(fate(&set, "{" ID("2") "}", true), DISPATCH_GONE);
	deletions_clear(&set);
	assert_int_equal(fate(&set, "{" ID("1") "}", false), DISPATCH_WHOLE);
}

static void one_after_the_other(void **state)
{
	struct deletions first = { 0 }, second = { 0 };
	struct dispatch *d = dispatch_create("e", 1, NULL, NULL,
					     "{" ID("1") "," ID("2") "}", "{}");

	(void)state;
	add(&first, "[\"" ID("1") "\"]");
	add(&second, "[\"" ID("3") "\"]");
	assert_true(deletions_meet(&first, d));
	assert_false(deletions_meet(&second, d));
	assert_int_equal(d->fate, DISPATCH_CHANGED);
	dispatch_unref(d);
	deletions_clear(&first);
	deletions_clear(&second);
}

static void everything_in_a_deleted_room(void **state)
{
	struct deletions set = { 0 };
	struct dispatch *inside =
		dispatch_create("e", 1, ID("2"), NULL, NULL, "{}");
	struct dispatch *other =
		dispatch_create("e", 1, ID("3"), NULL, NULL, "{}");
	const char *why, text[] = "{\"room_deleted\":true}";
	struct json *effect = json_parse(text, strlen(text), 2, &why);

	(void)state;
	deletions_add(&set, effect, &inside->room);
	assert_false(deletions_meet(&set, other));
	assert_true(deletions_meet(&set, inside));
	assert_int_equal(inside->fate, DISPATCH_GONE);
	json_free(effect);
	dispatch_unref(inside);
	dispatch_unref(other);
	deletions_clear(&set);
}

static bool is_in(struct deletions *set, const char *json)
{
	/* Nothing is read beyond its end. */
	char *copy = xcalloc(1, strlen(json) + 1);
	bool is_met;

	memcpy(copy, json, strlen(json));
	is_met = deletions_meet_json(set, copy, strlen(json));
	free(copy);
	return is_met;
}

static void in_json_that_lists_nothing(void **state)
{
	struct deletions set = { 0 };
	struct uuid room;
	const char *why, text[] = "{\"room_deleted\":true}";
	struct json *effect = json_parse(text, strlen(text), 2, &why);

	(void)state;
	assert_true(uuid_parse(&room, ID("2")));
	assert_false(is_in(&set, "{\"id\":\"" ID("1") "\"}"));
	add(&set, "[\"" ID("1") "\"]");
	assert_true(is_in(&set, "{\"id\":\"" ID("1") "\"}"));
	assert_true(is_in(&set, "\"" ID("1") "\""));
	assert_true(is_in(&set, "{\"a\":\"x\", \"" ID("1") "\":[]}"));
	assert_false(is_in(&set, "{\"id\":\"" ID("2") "\"}"));
	assert_false(is_in(&set, "\"" ID("1")));
	assert_false(is_in(&set, ""));
	assert_false(is_in(&set, "\""));
	deletions_add(&set, effect, NULL);
	assert_false(is_in(&set, "{\"id\":\"" ID("2") "\"}"));
	deletions_add(&set, effect, &room);
	assert_true(is_in(&set, "{\"id\":\"" ID("2") "\"}"));
	json_free(effect);
	deletions_clear(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_some_or_none),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(everything_in_a_deleted_room),
		cmocka_unit_test(in_json_that_lists_nothing),
	};

	return RUN_TAP(tests);
}
