/* hub_open: opens and closes streams. One statement asks who the caller is,
 * makes the session and brings the memberships.
 *
 * The snapshot of the memberships may be newer than the tail's place in the
 * log, and older than what the tail reads while the answer is under way. Newer
 * does no harm: a membership counts from its own seq on, and one that has ended
 * is not owed anything. Older is mended by applying again, in order, what the
 * tail has read since the question was sent. */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "hub_inside.h"
#include "logger.h"
#include "xalloc.h"

enum {
	CLOSE_DELAY = 100 /* ms in which ended sessions are gathered */
};

/* A stream whose answer is due. It outlives the stream's end. */
struct opening {
	TAILQ_ENTRY(opening) link;
	struct hub *hub;
	struct stream *stream; /* NULL: the transport has gone away */
	int64_t asked_at;      /* the tail's place then */
	bool has_since, since_valid;
	struct cursor since;
	bool ready_frame, notifications, keep_session;
};

static const struct pgloop_statement OPEN = {
	"open", "select account_id, login_id, session_id, account, rooms,"
		" notifications, epoch, floor, last_value"
		" from confab.stream_open($1::bytea, $2::uuid, $3, $4, $5, $6)"
};
static const struct pgloop_statement CLOSE = {
	"close", "select confab.stream_close($1::uuid[])"
};

enum open_column {
	OPEN_ACCOUNT_ID,
	OPEN_LOGIN,
	OPEN_SESSION,
	OPEN_ACCOUNT,
	OPEN_ROOMS,
	OPEN_NOTIFICATIONS,
	OPEN_EPOCH,
	OPEN_FLOOR,
	OPEN_LAST_VALUE,
};

static void refuse(struct stream *s, enum confab_error error, const char *body)
{
	struct buf made = { 0 };

	s->hub->counts.refused++;
	s->hub->counts.streams--;
	s->hub = NULL;
	s->state = STREAM_CLOSED;
	if (!body) {
		error_body(&made, error, NULL);
		body = buf_text(&made);
	}
	s->ops->refused(s, error, body);
	buf_free(&made);
}

static void push_local(struct stream *s, struct buf *json)
{
	struct dispatch *d = dispatch_create_local(s->hub->epoch, s->position,
						   buf_text(json));

	stream_push(s, d);
	dispatch_unref(d);
	buf_free(json);
}

static void first_frames(struct stream *s, const struct opening *o,
			 const struct pg_result *r)
{
	struct hub *hub = s->hub;
	const char *notifications = pg_field(r, 0, OPEN_NOTIFICATIONS);
	struct buf json = { 0 };

	if (o->ready_frame) {
		buf_addf(&json,
			 "{\"eventType\":\"session.ready\",\"data\":{"
			 "\"session_id\":\"%s\",\"user\":%s,\"seq\":%lld,"
			 "\"epoch\":\"%s\",\"heartbeat\":%d}}",
			 s->session, pg_field(r, 0, OPEN_ACCOUNT),
			 (long long)hub->cursor, hub->epoch,
			 hub->config->heartbeat);
		push_local(s, &json);
	}
	if (o->notifications && notifications) {
		buf_addf(&json, "{\"eventType\":\"chat.notifications\","
				"\"data\":");
		buf_add_text(&json, notifications);
		buf_addf(&json,
			 ",\"seq\":%lld,\"epoch\":\"%s\","
			 "\"session_id\":\"%s\"}",
			 (long long)hub->cursor, hub->epoch, s->session);
		push_local(s, &json);
	}
}

static void say_resync(struct stream *s, int64_t floor)
{
	struct buf json = { 0 };

	buf_addf(&json,
		 "{\"eventType\":\"session.resync\",\"data\":{\"floor\":%lld,"
		 "\"head\":%lld,\"epoch\":\"%s\"}}",
		 (long long)floor, (long long)s->hub->cursor, s->hub->epoch);
	push_local(s, &json);
}

/* Whether the log can be continued from the cursor. */
static bool can_serve(const struct hub *hub, const struct opening *o,
		      const struct pg_result *r)
{
	int64_t floor = strtoll(pg_field(r, 0, OPEN_FLOOR), NULL, 10);
	int64_t last = strtoll(pg_field(r, 0, OPEN_LAST_VALUE), NULL, 10);

	return o->since_valid &&
	       (!*o->since.epoch || !strcmp(o->since.epoch, hub->epoch)) &&
	       !strcmp(pg_field(r, 0, OPEN_EPOCH), hub->epoch) &&
	       o->since.seq >= floor && o->since.seq <= last;
}

/* Brings a fresh account's memberships to the tail's place in the log. */
static void load_rooms(struct hub *hub, struct roster_account *account,
		       const struct opening *o, const struct pg_result *r)
{
	const char *text = pg_field(r, 0, OPEN_ROOMS), *why;
	struct json *rooms = json_parse(text, strlen(text), 4, &why);
	struct change *change;

	roster_load(hub->roster, account, rooms);
	json_free(rooms);
	STAILQ_FOREACH(change, &hub->changes, link)
	{
		if (change->seq <= o->asked_at || !change->to_room)
			continue;
		roster_apply_before(hub->roster, &change->room, change->seq,
				    change->effect, account);
		roster_apply_after(hub->roster, &change->room, change->effect,
				   account);
	}
}

/* Whether the log-in was ended while the answer was under way. */
static bool login_ended(const struct hub *hub, const struct opening *o,
			const struct pg_result *r)
{
	int64_t id, login = strtoll(pg_field(r, 0, OPEN_LOGIN), NULL, 10);
	const struct change *change;

	STAILQ_FOREACH(change, &hub->changes, link)
	{
		const struct json *ended =
			json_get(change->effect, "ended_logins");

		if (change->seq <= o->asked_at)
			continue;
		for (size_t i = 0; i < json_length(ended); i++)
			if (json_integer(json_at(ended, i), &id) && id == login)
				return true;
	}
	return false;
}

static void attach(struct stream *s, const struct opening *o,
		   const struct pg_result *r)
{
	struct hub *hub = s->hub;
	int64_t id = strtoll(pg_field(r, 0, OPEN_ACCOUNT_ID), NULL, 10);
	bool fresh, resync = o->has_since && !can_serve(hub, o, r);

	s->login = strtoll(pg_field(r, 0, OPEN_LOGIN), NULL, 10);
	memcpy(s->session, pg_field(r, 0, OPEN_SESSION), UUID_LENGTH);
	s->account = roster_enter(hub->roster, id, &fresh);
	if (fresh)
		load_rooms(hub, s->account, o, r);
	LIST_INSERT_HEAD(roster_streams(s->account), s, of_account);
	s->position = o->has_since && !resync ? o->since.seq : hub->cursor;
	hub->counts.opened++;
	first_frames(s, o, r);
	if (resync)
		say_resync(s, strtoll(pg_field(r, 0, OPEN_FLOOR), NULL, 10));
	if (s->position < hub->cursor)
		hub_set_replaying(s);
	else
		hub_set_live(s);
	hub_touch(s);
	s->ops->opened(s);
}

static void close_session(struct hub *hub, const char *session)
{
	buf_add_text(&hub->closed, hub->closed.len ? "," : "{");
	buf_add_text(&hub->closed, session);
	if (!hub->close_timer.place)
		loop_arm(hub->loop, &hub->close_timer, CLOSE_DELAY);
}

static void on_opened(void *context, enum pg_status status,
		      const struct pg_result *r)
{
	struct opening *o = context;
	struct hub *hub = o->hub;
	struct stream *s = o->stream;

	TAILQ_REMOVE(&hub->openings, o, link);
	if (status == PG_OK && !s && !o->keep_session)
		close_session(hub, pg_field(r, 0, OPEN_SESSION));
	if (s && status == PG_OK && login_ended(hub, o, r)) {
		refuse(s, ERROR_UNAUTHENTICATED, NULL);
	} else if (s && status == PG_OK && hub->started) {
		attach(s, o, r);
	} else if (s && status == PG_FAILED) {
		enum confab_error error = error_from_sqlstate(pg_sqlstate(r));

		if (error == ERROR_INTERNAL)
			logger(LEVEL_ERROR, "stream_open", "why=\"%s\"",
			       pg_message(r));
		refuse(s, error, *pg_detail(r) == '{' ? pg_detail(r) : NULL);
	} else if (s) {
		refuse(s, ERROR_UNAVAILABLE, NULL);
	}
	free(o);
	o = TAILQ_FIRST(&hub->openings); /* the one asked first */
	hub_forget_changes(hub, o ? o->asked_at : INT64_MAX);
	hub_wake(hub);
}

void hub_open(struct hub *hub, struct stream *s,
	      const struct hub_request *request)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	struct pg_param params[] = {
		{ .data = (const char *)request->token_hash,
		  .len = 32,
		  .binary = true },
		{ .data = request->session },
		{ .data = request->transport },
		{ .data = request->user_agent },
		{ .data = request->address },
		{ .data = hub->process },
	};

	o->hub = hub;
	o->stream = s;
	o->asked_at = hub->cursor;
	o->has_since = request->since != NULL;
	o->since_valid =
		o->has_since && cursor_parse(&o->since, request->since);
	o->ready_frame = request->ready_frame;
	o->notifications = request->notifications;
	o->keep_session = request->session != NULL;
	TAILQ_INSERT_TAIL(&hub->openings, o, link);
	s->hub = hub;
	s->state = STREAM_OPENING;
	hub->counts.streams++;
	pgloop_send(hub->pg, &OPEN, 6, params, on_opened, o);
}

static void abandon_opening(struct stream *s)
{
	struct opening *o;

	TAILQ_FOREACH (o, &s->hub->openings, link)
		if (o->stream == s)
			o->stream = NULL;
}

void hub_close(struct stream *s, bool keep_session)
{
	struct hub *hub = s->hub;

	if (!hub)
		return;
	if (s->state == STREAM_OPENING) {
		abandon_opening(s);
	} else {
		TAILQ_REMOVE(s->state == STREAM_LIVE ? &hub->live
						     : &hub->replaying,
			     s, of_hub);
		LIST_REMOVE(s, of_account);
		roster_leave(hub->roster, s->account);
		if (!keep_session)
			close_session(hub, s->session);
	}
	if (s->dirty)
		TAILQ_REMOVE(&hub->dirty, s, of_dirty);
	stream_empty(s);
	s->dirty = false;
	s->ending = 0;
	s->state = STREAM_CLOSED;
	s->hub = NULL;
	hub->counts.streams--;
}

static void on_closed(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	(void)context;
	if (status == PG_FAILED)
		logger(LEVEL_ERROR, "stream_close", "why=\"%s\"",
		       pg_message(result));
}

void hub_close_fired(struct timer *timer)
{
	struct hub *hub =
		(void *)((char *)timer - offsetof(struct hub, close_timer));
	struct pg_param list;

	/* Kept for later while the database is away. */
	if (!pgloop_is_up(hub->pg)) {
		loop_arm(hub->loop, &hub->close_timer, CLOSE_DELAY * 10);
		return;
	}
	buf_add_text(&hub->closed, "}");
	list = (struct pg_param){ .data = buf_text(&hub->closed) };
	pgloop_send(hub->pg, &CLOSE, 1, &list, on_closed, hub);
	buf_free(&hub->closed);
}
