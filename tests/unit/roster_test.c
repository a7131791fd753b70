/* The members of rooms, as the log changes them. */
#include <stdio.h>
#include <string.h>

#include "cmocka_tap.h"
#include "hub/roster.h"
#include "hub/stream.h"

static const struct uuid ROOM = { 1, 2 };

static struct json *parse(const char *text)
{
	const char *why;
	struct json *json = json_parse(text, strlen(text), 8, &why);

	assert_non_null(json);
	return json;
}

static void before(struct roster *r, int64_t seq, const char *text,
		   struct roster_account *only)
{
	struct json *effect = parse(text);

	roster_apply_before(r, &ROOM, seq, effect, only);
	json_free(effect);
}

static int count(struct roster *r, int64_t *since)
{
	struct roster_members *members = roster_members(r, &ROOM);
	struct roster_member *m;
	int n = 0;

	if (members)
		LIST_FOREACH (m, members, of_room) {
			*since = m->since;
			n++;
		}
	return n;
}

static void follows_joins_and_departures(void **state)
{
	struct roster *r = roster_create();
	bool fresh;
	int64_t since = 0;

	(void)state;
	roster_enter(r, 5, &fresh);
	assert_true(fresh);
	before(r, 10, "{\"joined\":[4,5,6]}", NULL);
	assert_int_equal(count(r, &since), 1); /* only account 5 is connected */
	assert_int_equal(since, 10);
	before(r, 11, "{\"departed\":[5]}", NULL);
	assert_int_equal(count(r, &since), 0);
	before(r, 12, "{\"joined\":[5]}", NULL);
	assert_int_equal(count(r, &since), 1);
	assert_int_equal(since, 12);
	roster_free(r);
}

static void loads_a_snapshot_and_mends_it(void **state)
{
	struct roster *r = roster_create();
	struct json *rooms = parse(
		"[[\"00000000-0000-0001-0000-000000000002\",3],"
		"[\"00000000-0000-0001-0000-000000000003\",4],[1],\"x\"]");
	struct roster_account *account;
	bool fresh;
	int64_t since = 0;

	(void)state;
	account = roster_enter(r, 5, &fresh);
	roster_load(r, account, rooms);
	assert_int_equal(count(r, &since), 1);
	assert_int_equal(since, 3);
	before(r, 9, "{\"departed\":[5]}", account);
	assert_int_equal(count(r, &since), 0);
	json_free(rooms);
	roster_free(r);
}

static void forgets_a_deleted_room(void **state)
{
	struct roster *r = roster_create();
	struct json *gone = parse("{\"room_deleted\":true}");
	bool fresh;
	int64_t since;

	(void)state;
	for (int64_t id = 1; id <= 100; id++)
		roster_enter(r, id, &fresh);
	for (int64_t id = 1; id <= 100; id++) {
		char text[64];

		snprintf(text, sizeof(text), "{\"joined\":[%lld]}",
			 (long long)id);
		before(r, id, text, NULL);
	}
	assert_int_equal(count(r, &since), 100);
	roster_apply_after(r, &ROOM, gone, NULL);
	assert_null(roster_members(r, &ROOM));
	json_free(gone);
	roster_free(r);
}

static void keeps_an_account_while_it_has_streams(void **state)
{
	struct roster *r = roster_create();
	struct stream stream = { 0 };
	struct roster_account *account;
	bool fresh;

	(void)state;
	account = roster_enter(r, 5, &fresh);
	LIST_INSERT_HEAD(roster_streams(account), &stream, of_account);
	roster_leave(r, account);
	assert_ptr_equal(roster_find(r, 5), account);
	LIST_REMOVE(&stream, of_account);
	roster_leave(r, account);
	assert_null(roster_find(r, 5));
	roster_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_joins_and_departures),
		cmocka_unit_test(loads_a_snapshot_and_mends_it),
		cmocka_unit_test(forgets_a_deleted_room),
		cmocka_unit_test(keeps_an_account_while_it_has_streams),
	};

	return RUN_TAP(tests);
}
