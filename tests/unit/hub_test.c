/* hub_test: the audience of a dispatch, in each state of a stream, and the ways
 * in which a stream ends. The hub has no database here: the test puts streams
 * where an opening would have put them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/xalloc.h"
#include "cmocka_tap.h"
#include "hub/hub_internal.h"

#define ROOM "00000000-0000-0000-0000-000000000001"

struct fixture {
	struct loop *loop;
	struct config config;
	struct metrics *metrics;
	struct hub *hub;
	char run_dir[32];
};

/* A stream, and the calls to its transport. */
struct client {
	struct stream stream;
	int woken, ended;
	enum stream_end why;
};

static void on_wake(struct stream *stream)
{
	((struct client *)(void *)stream)->woken++;
}

static void on_end(struct stream *stream, enum stream_end why)
{
	struct client *client = (struct client *)(void *)stream;

	client->ended++;
	client->why = why;
}

static const struct stream_ops OPS = { .wake = on_wake, .end = on_end };

static int make(void **state)
{
	static char database[] = "host=/nonexistent";
	struct fixture *f = xcalloc(1, sizeof(*f));

	secret_init();
	f->loop = loop_create();
	strcpy(f->run_dir, "/tmp/confab-hub-XXXXXX");
	if (!mkdtemp(f->run_dir))
		return -1;
	f->config.run_dir = f->run_dir;
	f->config.database = database;
	f->config.window = 1 << 20;
	f->config.stream_queue = 1000;
	f->config.heartbeat = 25;
	f->metrics = metrics_open("/nonexistent", "test");
	f->hub = hub_create(
		f->loop, &(struct hub_settings){ .config = &f->config,
						 .metrics = f->metrics,
						 .program = "test",
						 .instance = "test@here#1" });
	f->hub->epoch = xstrdup("e");
	*state = f;
	return 0;
}

static void remove_file(const struct fixture *f, const char *name)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s%s", f->run_dir, name);
	remove(buf_text(&path));
	buf_free(&path);
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	hub_free(f->hub);
	metrics_close(f->metrics);
	loop_free(f->loop);
	remove_file(f, "/state/test.witness");
	remove_file(f, "/state");
	remove_file(f, "");
	free(f);
	return 0;
}

/* Makes a stream of an account that is in the room from since on. */
static struct client *attach(struct fixture *f, int64_t account, int64_t since,
			     enum stream_state state, int64_t position)
{
	struct client *client = xcalloc(1, sizeof(*client));
	struct stream *s = &client->stream;
	char rooms[80];
	const char *why;
	struct json *list;
	bool fresh;

	s->ops = &OPS;
	s->hub = f->hub;
	s->lists = &f->hub->lists;
	s->transport = transport_of(TRANSPORT_SSE);
	s->position = position;
	strcpy(s->session, ROOM);
	s->account = roster_enter(f->hub->roster, account, &fresh);
	snprintf(rooms, sizeof(rooms), "[[\"" ROOM "\",%lld]]",
		 (long long)since);
	list = json_parse(rooms, strlen(rooms), 4, &why);
	if (fresh)
		roster_load(f->hub->roster, s->account, list);
	json_free(list);
	LIST_INSERT_HEAD(roster_streams(s->account), s, of_account);
	stream_set_state(s, STREAM_OPENING);
	stream_set_state(s,
			 state == STREAM_LIVE ? STREAM_LIVE : STREAM_REPLAYING);
	if (state == STREAM_BLOCKED)
		stream_set_state(s, STREAM_BLOCKED);
	f->hub->counts.streams++;
	return client;
}

static void release(struct client *client)
{
	hub_close(&client->stream);
	free(client);
}

static struct dispatch *make_dispatch(int64_t seq, size_t size)
{
	char json[2048];

	assert_true(size < sizeof(json));
	memset(json, 'x', size);
	json[size] = '\0';
	return dispatch_create("e", seq, ROOM, NULL, NULL, json);
}

static void offer(struct fixture *f, int64_t seq, size_t size)
{
	struct dispatch *d = make_dispatch(seq, size);

	hub_offer_live(f->hub, d);
	dispatch_unref(d);
}

static void the_tail_feeds_live_streams_alone(void **state)
{
	struct fixture *f = *state;
	struct client *live = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *behind = attach(f, 2, 0, STREAM_REPLAYING, 5);
	struct client *blocked = attach(f, 3, 0, STREAM_BLOCKED, 5);
	struct client *later = attach(f, 4, 7, STREAM_LIVE, 5);
	struct client *ahead = attach(f, 5, 0, STREAM_LIVE, 6);

	offer(f, 6, 10);
	assert_int_equal(live->stream.count, 1);
	assert_int_equal(live->stream.position, 6);
	assert_int_equal(behind->stream.count, 0);
	assert_int_equal(blocked->stream.count, 0);
	assert_int_equal(later->stream.count, 0);
	assert_int_equal(ahead->stream.count, 0);
	assert_int_equal(hub_position(&live->stream), 5);
	hub_wake(f->hub);
	hub_wake(f->hub);
	assert_int_equal(live->woken, 1);
	assert_int_equal(behind->woken, 0);
	release(live);
	release(behind);
	release(blocked);
	release(later);
	release(ahead);
	assert_int_equal(f->hub->counts.streams, 0);
}

static void a_page_feeds_streams_that_stand_after_its_start(void **state)
{
	struct fixture *f = *state;
	struct client *near = attach(f, 1, 0, STREAM_REPLAYING, 5);
	struct client *far = attach(f, 2, 0, STREAM_REPLAYING, 2);
	struct client *live = attach(f, 3, 0, STREAM_LIVE, 5);
	struct dispatch *d = make_dispatch(6, 10);

	hub_offer_replayed(f->hub, d, 4);
	assert_int_equal(near->stream.count, 1);
	assert_int_equal(far->stream.count, 0);
	assert_int_equal(live->stream.count, 0);
	dispatch_unref(d);
	release(near);
	release(far);
	release(live);
}

/* Half of its queue's limit stops the replay of a stream until the queue is
 * empty. */
static void a_full_queue_blocks_replay_until_it_is_empty(void **state)
{
	struct fixture *f = *state;
	struct client *client = attach(f, 1, 0, STREAM_REPLAYING, 5);
	struct dispatch *d = make_dispatch(6, 600);

	hub_offer_replayed(f->hub, d, 0);
	dispatch_unref(d);
	assert_int_equal(client->stream.state, STREAM_BLOCKED);
	dispatch_unref(stream_take(&client->stream));
	assert_int_equal(client->stream.state, STREAM_REPLAYING);
	release(client);
}

/* Its queue is not sent: its cursor stands before that. */
static void a_slow_stream_ends_before_what_waits(void **state)
{
	struct fixture *f = *state;
	struct client *client = attach(f, 1, 0, STREAM_LIVE, 5);

	offer(f, 6, 1200);
	assert_int_equal(client->stream.state, STREAM_LIVE);
	offer(f, 7, 10);
	assert_int_equal(client->stream.state, STREAM_ENDING);
	offer(f, 8, 10);
	assert_int_equal(client->stream.count, 1);
	hub_wake(f->hub);
	assert_int_equal(client->ended, 1);
	assert_int_equal(client->why, END_SLOW);
	assert_int_equal(client->woken, 0);
	assert_int_equal(client->stream.position, 5);
	assert_int_equal(client->stream.state, STREAM_CLOSED);
	assert_null(client->stream.hub);
	assert_int_equal(f->hub->counts.ended_slow, 1);
	release(client);
}

static void a_share_ends_those_that_are_behind_first(void **state)
{
	struct fixture *f = *state;
	struct client *live = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *behind = attach(f, 2, 0, STREAM_REPLAYING, 5);

	hub_end_share(f->hub, END_RESTART, 2);
	assert_int_equal(behind->ended, 1);
	assert_int_equal(behind->why, END_RESTART);
	assert_int_equal(live->ended, 0);
	hub_end_share(f->hub, END_RESTART, 1);
	assert_int_equal(live->ended, 1);
	free(live);
	free(behind);
}

static void a_signal_reaches_live_streams_of_the_room_but_one(void **state)
{
	struct fixture *f = *state;
	struct client *one = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *two = attach(f, 2, 0, STREAM_LIVE, 5);
	struct client *behind = attach(f, 3, 0, STREAM_REPLAYING, 5);

	hub_offer_signal(f->hub,
			 "{\"room\":\"" ROOM "\",\"except\":[1],\"payload\":"
			 "\"{\\\"eventType\\\":\\\"messagetyping.dispatch\\\","
			 "\\\"data\\\":{}}\"}");
	assert_int_equal(one->stream.count, 0);
	assert_int_equal(two->stream.count, 1);
	assert_int_equal(behind->stream.count, 0);
	hub_offer_signal(f->hub,
			 "{\"room\":\"" ROOM "\",\"payload\":"
			 "\"{\\\"eventType\\\":\\\"message.dispatch\\\"}\"}");
	assert_int_equal(two->stream.count, 1);
	assert_int_equal(f->hub->counts.signals_dropped, 1);
	release(one);
	release(two);
	release(behind);
}

/* A row of the log that has an effect on what waits. */
static void withdraw(struct fixture *f, const struct dispatch *row,
		     const char *text)
{
	const char *why;
	struct json *effect = json_parse(text, strlen(text), 4, &why);

	replayer_note_deleted(f->hub->replayer, row, effect);
	replayer_withdraw(f->hub->replayer);
	json_free(effect);
}

static void what_was_deleted_is_taken_back_from_queues(void **state)
{
	struct fixture *f = *state;
	struct client *client = attach(f, 1, 0, STREAM_LIVE, 5);
	struct dispatch *gone =
		dispatch_create("e", 6, ROOM, NULL,
				"{00000000-0000-0000-0000-00000000000a}", "{}");
	struct dispatch *row = dispatch_create("e", 7, ROOM, NULL, NULL, "{}");

	hub_offer_live(f->hub, gone);
	hub_offer_live(f->hub, row);
	assert_int_equal(client->stream.count, 2);
	withdraw(f, row,
		 "{\"deleted\":[\"00000000-0000-0000-0000-00000000000a\"]}");
	assert_int_equal(client->stream.count, 0);
	assert_int_equal(client->stream.position, 5);
	assert_int_equal(client->stream.state, STREAM_REPLAYING);
	dispatch_unref(gone);
	dispatch_unref(row);
	release(client);
}

static const char *first_json(const struct client *client)
{
	const struct dispatch *d = stream_peek(&client->stream);

	return d ? d->text + d->json_at : "";
}

/* A message of account 1 to account 2, whose id is that of a deletion. */
static struct dispatch *make_message(int64_t seq)
{
	struct dispatch *d = dispatch_create(
		"e", seq, ROOM, NULL, "{00000000-0000-0000-0000-00000000000a}",
		"{\"eventType\":\"message.dispatch\",\"data\":{\"id\":\"a\","
		"\"sender\":{\"id\":1,\"username\":\"ann\",\"email\":\"e\"},"
		"\"content\":\"c\",\"created_at\":\"t\",\"more\":1}}");

	d->recipient = 2;
	return d;
}

static void thin_streams_get_messages_of_two_in_their_form(void **state)
{
	struct fixture *f = *state;
	struct client *id = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *talk = attach(f, 2, 0, STREAM_LIVE, 5);
	struct client *to_him = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *to_her = attach(f, 2, 0, STREAM_LIVE, 5);
	struct client *to_third = attach(f, 2, 0, STREAM_REPLAYING, 5);
	struct dispatch *d = make_message(6);

	id->stream.form = FORM_ID;
	talk->stream.form = FORM_TALK;
	to_him->stream.form = FORM_TALK;
	to_him->stream.peer = 2;
	to_her->stream.form = FORM_TALK;
	to_her->stream.peer = 1;
	to_third->stream.form = FORM_TALK;
	to_third->stream.peer = 3;
	hub_offer_live(f->hub, d);
	hub_offer_replayed(f->hub, d, 5);
	assert_string_equal(first_json(id),
			    "{\"message\":\"a\",\"seq\":6}\n\n");
	assert_memory_equal(id->stream.queue[0]->text, "id: e:6\n", 8);
	assert_string_equal(first_json(talk),
			    "{\"message\":{\"id\":\"a\",\"sender\":{\"id\":1,"
			    "\"username\":\"ann\"},\"recipient\":2,"
			    "\"content\":\"c\",\"timestamp\":\"t\"}}\n\n");
	assert_string_equal(first_json(to_him), first_json(talk));
	assert_string_equal(first_json(to_her), first_json(talk));
	assert_int_equal(to_third->stream.count, 0);
	assert_int_equal(to_third->stream.position, 6);
	/* Everything else is passed over. */
	offer(f, 7, 10);
	assert_int_equal(id->stream.count, 1);
	assert_int_equal(talk->stream.count, 1);
	assert_int_equal(id->stream.position, 7);
	dispatch_unref(d);
	release(id);
	release(talk);
	release(to_him);
	release(to_her);
	release(to_third);
}

static void what_was_deleted_is_taken_back_from_thin_streams(void **state)
{
	struct fixture *f = *state;
	struct client *client = attach(f, 1, 0, STREAM_LIVE, 5);
	struct dispatch *d = make_message(6);
	struct dispatch *row = dispatch_create("e", 7, ROOM, NULL, NULL, "{}");

	client->stream.form = FORM_ID;
	hub_offer_live(f->hub, d);
	assert_int_equal(client->stream.count, 1);
	withdraw(f, row,
		 "{\"deleted\":[\"00000000-0000-0000-0000-00000000000a\"]}");
	assert_int_equal(client->stream.count, 0);
	assert_int_equal(client->stream.position, 5);
	dispatch_unref(d);
	dispatch_unref(row);
	release(client);
}

/* A room whose dispatch goes to an account, and that a list of notifications
 * shows, which is not read again. */
static void what_shows_a_deleted_room_is_taken_back(void **state)
{
	struct fixture *f = *state;
	struct client *one = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *two = attach(f, 2, 0, STREAM_REPLAYING, 5);
	struct client *three = attach(f, 3, 0, STREAM_REPLAYING, 5);
	struct dispatch *told =
		dispatch_create("e", 6, NULL, "{1}", "{" ROOM "}", "{}");
	struct dispatch *row = dispatch_create("e", 7, ROOM, NULL, NULL, "{}");
	struct dispatch *list = dispatch_create_notifications(
		"e", 5, "{\"data\":{\"" ROOM "\":[]}}");
	struct dispatch *other =
		dispatch_create_local("e", 5, "{\"data\":{\"" ROOM "\":[]}}");

	hub_offer_live(f->hub, told);
	assert_int_equal(one->stream.count, 1);
	stream_push(&two->stream, list);
	stream_push(&three->stream, other);
	withdraw(f, row, "{\"room_deleted\":true}");
	assert_int_equal(one->stream.count, 0);
	assert_int_equal(one->stream.position, 5);
	assert_int_equal(one->stream.state, STREAM_REPLAYING);
	hub_wake(f->hub);
	assert_int_equal(two->ended, 1);
	assert_int_equal(two->why, END_OVERLOAD);
	assert_int_equal(two->woken, 0);
	assert_int_equal(three->stream.count, 1);
	assert_int_equal(three->ended, 0);
	dispatch_unref(told);
	dispatch_unref(row);
	dispatch_unref(list);
	dispatch_unref(other);
	free(two);
	release(one);
	release(three);
}

static void what_was_rewritten_is_read_again(void **state)
{
	struct fixture *f = *state;
	struct client *slow = attach(f, 1, 0, STREAM_LIVE, 5);
	struct client *quick = attach(f, 2, 0, STREAM_LIVE, 8);
	struct dispatch *row = dispatch_create("e", 10, NULL, NULL, NULL, "{}");

	replayer_start(f->hub->replayer, 5);
	for (int64_t seq = 6; seq <= 9; seq++) {
		struct dispatch *d = make_dispatch(seq, 10);

		replayer_add(f->hub->replayer, d);
		hub_offer_live(f->hub, d);
		dispatch_unref(d);
	}
	f->hub->cursor = 10;
	dispatch_unref(stream_take(&slow->stream));
	withdraw(f, row, "{\"rewritten\":8}");
	assert_int_equal(slow->stream.count, 0);
	assert_int_equal(slow->stream.position, 6);
	assert_int_equal(slow->stream.state, STREAM_REPLAYING);
	assert_int_equal(quick->stream.count, 1);
	assert_int_equal(quick->stream.state, STREAM_LIVE);
	/* The window has only what comes after. */
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 10);
	assert_int_equal(slow->stream.count, 0);
	assert_int_equal(slow->stream.state, STREAM_REPLAYING);
	slow->stream.position = 8;
	stream_set_state(&slow->stream, STREAM_BLOCKED);
	replayer_follow(&slow->stream);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 10);
	assert_int_equal(slow->stream.count, 1);
	assert_int_equal(slow->stream.state, STREAM_LIVE);
	dispatch_unref(row);
	release(slow);
	release(quick);
}

/* In order, from where each stands, and each only what its rooms get. */
static void the_window_feeds_streams_that_lag(void **state)
{
	struct fixture *f = *state;
	struct client *far, *near, *guest;

	replayer_start(f->hub->replayer, 5);
	for (int64_t seq = 6; seq <= 9; seq++) {
		struct dispatch *d = make_dispatch(seq, 10);

		replayer_add(f->hub->replayer, d);
		dispatch_unref(d);
	}
	f->hub->cursor = 9;
	far = attach(f, 1, 0, STREAM_BLOCKED, 5);
	near = attach(f, 2, 0, STREAM_BLOCKED, 8);
	guest = attach(f, 3, 7, STREAM_BLOCKED, 5);
	replayer_follow(&far->stream);
	replayer_follow(&near->stream);
	replayer_follow(&guest->stream);
	for (int i = 0; i < 10 && guest->stream.state != STREAM_LIVE; i++)
		loop_turn(f->loop, 10);
	assert_int_equal(far->stream.count, 4);
	assert_int_equal(near->stream.count, 1);
	assert_int_equal(guest->stream.count, 3);
	for (int64_t seq = 6; seq <= 9; seq++) {
		struct dispatch *d = stream_take(&far->stream);

		assert_int_equal(d->seq, seq);
		dispatch_unref(d);
	}
	assert_int_equal(far->stream.state, STREAM_LIVE);
	assert_int_equal(near->stream.state, STREAM_LIVE);
	release(far);
	release(near);
	release(guest);
}

static void without_a_database_nothing_can_be_opened(void **state)
{
	struct fixture *f = *state;
	const char *why;

	assert_false(hub_ready(f->hub, &why));
	assert_string_equal(why, "starting");
	loop_turn(f->loop, 100);
	assert_false(hub_ready(f->hub, &why));
	assert_string_equal(why, "the database is away");
}

/* Runs in a child process, because it ends the process. */
static void a_change_of_state_that_makes_no_sense_ends_the_process(void **state)
{
	struct fixture *f = *state;
	struct client *client = attach(f, 1, 0, STREAM_LIVE, 5);
	pid_t child = fork();
	int status;

	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(0);
		stream_set_state(&client->stream, STREAM_OPENING);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	release(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tail_feeds_live_streams_alone),
		TEST(a_page_feeds_streams_that_stand_after_its_start),
		TEST(a_full_queue_blocks_replay_until_it_is_empty),
		TEST(a_slow_stream_ends_before_what_waits),
		TEST(a_share_ends_those_that_are_behind_first),
		TEST(a_signal_reaches_live_streams_of_the_room_but_one),
		TEST(what_was_deleted_is_taken_back_from_queues),
		TEST(thin_streams_get_messages_of_two_in_their_form),
		TEST(what_was_deleted_is_taken_back_from_thin_streams),
		TEST(what_shows_a_deleted_room_is_taken_back),
		TEST(what_was_rewritten_is_read_again),
		TEST(the_window_feeds_streams_that_lag),
		TEST(without_a_database_nothing_can_be_opened),
		TEST(a_change_of_state_that_makes_no_sense_ends_the_process),
	};

	return RUN_TAP(tests);
}
