/* opening: makes streams from the database's answers. Called by opener.c; owns
 * nothing.
 *
 * The snapshot of the memberships may be newer than the tail's place in the
 * log, and older than the rows that the tail reads while the answer is under
 * way. A newer one is harmless: a membership counts from its own seq, and one
 * that has ended is owed nothing. An older one is brought up to date by
 * applying, in order, the rows that the tail has read since the statement was
 * sent. */
#include "hub/opening.h"

#include <stdlib.h>
#include <string.h>

#include "hub/hub_internal.h"
#include "log/deletions.h"

const struct pg_statement OPENING_QUESTION = {
	"open",
	"select place, failed, detail, account_id, login_id, session_id,"
	" account, rooms, notifications, epoch, floor, last_value,"
	" login_key"
	" from confab.stream_open_all($1::jsonb, $2) order by place"
};
enum open_column {
	OPEN_PLACE,
	OPEN_FAILED,
	OPEN_DETAIL,
	OPEN_ACCOUNT_ID,
	OPEN_LOGIN,
	OPEN_SESSION,
	OPEN_ACCOUNT,
	OPEN_ROOMS,
	OPEN_NOTIFICATIONS,
	OPEN_EPOCH,
	OPEN_FLOOR,
	OPEN_LAST_VALUE,
	OPEN_LOGIN_KEY,
};

static const char *read_text(const struct opening *o, const struct pg_result *r,
			     enum open_column column)
{
	return pg_field(r, o->row, (int)column);
}

static int64_t read_number(const struct opening *o, const struct pg_result *r,
			   enum open_column column)
{
	return strtoll(read_text(o, r, column), NULL, 10);
}

static void push_local(struct stream *s, struct buf *json)
{
	struct dispatch *d = dispatch_create_local(s->hub->epoch, s->position,
						   buf_text(json));

	stream_push(s, d);
	dispatch_unref(d);
	buf_free(json);
}

static void push_notifications(struct stream *s, const char *data)
{
	struct buf json = { 0 };
	struct dispatch *d;

	buf_addf(&json, "{\"eventType\":\"chat.notifications\",\"data\":");
	buf_add_text(&json, data);
	buf_addf(&json, ",\"seq\":%lld,\"epoch\":\"%s\",\"session_id\":\"%s\"}",
		 (long long)s->position, s->hub->epoch, s->session);
	d = dispatch_create_notifications(s->hub->epoch, s->position,
					  buf_text(&json));
	stream_push(s, d);
	dispatch_unref(d);
	buf_free(&json);
}

static void first_frames(struct stream *s, const struct opening *o,
			 const struct pg_result *r)
{
	struct hub *hub = s->hub;
	const char *notifications = read_text(o, r, OPEN_NOTIFICATIONS);
	struct buf json = { 0 };

	if (o->ready_frame) {
		buf_addf(&json,
			 "{\"eventType\":\"session.ready\",\"data\":{"
			 "\"session_id\":\"%s\",\"user\":%s,\"seq\":%lld,"
			 "\"epoch\":\"%s\",\"heartbeat\":%d}}",
			 s->session, read_text(o, r, OPEN_ACCOUNT),
			 (long long)s->position, hub->epoch,
			 hub->config->heartbeat);
		push_local(s, &json);
	}
	if (notifications)
		push_notifications(s, notifications);
}

static void say_resync(struct stream *s, int64_t floor)
{
	struct buf json = { 0 };

	buf_addf(&json,
		 "{\"eventType\":\"session.resync\",\"data\":{\"floor\":%lld,"
		 "\"head\":%lld,\"epoch\":\"%s\"}}",
		 (long long)floor, (long long)s->position, s->hub->epoch);
	push_local(s, &json);
}

/* Whether the log can be continued from the cursor. */
static bool can_serve(const struct hub *hub, const struct opening *o,
		      const struct pg_result *r)
{
	int64_t floor = read_number(o, r, OPEN_FLOOR);
	int64_t last = read_number(o, r, OPEN_LAST_VALUE);

	return o->since_valid &&
	       (!*o->since.epoch || !strcmp(o->since.epoch, hub->epoch)) &&
	       !strcmp(read_text(o, r, OPEN_EPOCH), hub->epoch) &&
	       o->since.seq >= floor && o->since.seq <= last;
}

/* Brings a fresh account's memberships to the tail's place in the log. */
static void load_rooms(struct hub *hub, struct roster_account *account,
		       const struct opening *o, const struct pg_result *r,
		       const struct change_list *changes)
{
	const char *text = read_text(o, r, OPEN_ROOMS), *why;
	struct json *rooms = json_parse(text, strlen(text), 4, &why);
	struct change *change;

	roster_load(hub->roster, account, rooms);
	json_free(rooms);
	STAILQ_FOREACH (change, changes, link) {
		if (change->seq <= o->asked_at || !change->to_room)
			continue;
		roster_apply_before(hub->roster, &change->room, change->seq,
				    change->effect, account);
		roster_apply_after(hub->roster, &change->room, change->effect,
				   account);
	}
}

/* Whether the log-in was ended while the answer was under way. */
static bool login_ended(const struct opening *o, const struct pg_result *r,
			const struct change_list *changes)
{
	int64_t login = read_number(o, r, OPEN_LOGIN);
	const struct change *change;

	STAILQ_FOREACH (change, changes, link)
		if (change->seq > o->asked_at &&
		    json_lists_integer(json_get(change->effect, "ended_logins"),
				       login))
			return true;
	return false;
}

/* Whether the notifications show something that was deleted while the answer
 * was under way. */
static bool shows_deleted(const struct opening *o, const struct pg_result *r,
			  const struct change_list *changes)
{
	const char *notifications = read_text(o, r, OPEN_NOTIFICATIONS);
	struct deletions deleted = { 0 };
	const struct change *change;
	bool is_shown;

	if (!notifications)
		return false;
	STAILQ_FOREACH (change, changes, link)
		if (change->seq > o->asked_at)
			deletions_add(&deleted, change->effect,
				      change->to_room ? &change->room : NULL);
	is_shown = deletions_meet_json(&deleted, notifications,
				       strlen(notifications));
	deletions_clear(&deleted);
	return is_shown;
}

/* Whether the account has reached its limit of streams here. */
static bool is_crowded(const struct hub *hub, const struct opening *o,
		       const struct pg_result *r)
{
	int64_t id = read_number(o, r, OPEN_ACCOUNT_ID);
	struct roster_account *account = roster_find(hub->roster, id);
	const struct stream *s;
	int n = 0;

	if (!account || !hub->config->account_streams)
		return false;
	LIST_FOREACH (s, roster_streams(account), of_account)
		n++;
	return n >= hub->config->account_streams;
}

static void attach_stream(struct stream *s, const struct opening *o,
			  const struct pg_result *r,
			  const struct change_list *changes)
{
	struct hub *hub = s->hub;
	int64_t id = read_number(o, r, OPEN_ACCOUNT_ID);
	bool fresh, resync = o->has_since && !can_serve(hub, o, r);

	s->login = read_number(o, r, OPEN_LOGIN);
	memcpy(s->session, read_text(o, r, OPEN_SESSION), UUID_LENGTH);
	if (read_text(o, r, OPEN_LOGIN_KEY))
		memccpy(s->login_key, read_text(o, r, OPEN_LOGIN_KEY), '\0',
			sizeof(s->login_key));
	s->account = roster_enter(hub->roster, id, &fresh);
	if (fresh)
		load_rooms(hub, s->account, o, r, changes);
	LIST_INSERT_HEAD(roster_streams(s->account), s, of_account);
	/* The database's answer lacks the rows that the tail has read since. */
	s->position = o->has_since && !resync ? o->since.seq : o->asked_at;
	hub->counts.opened++;
	first_frames(s, o, r);
	if (resync && s->form == FORM_FULL)
		say_resync(s, read_number(o, r, OPEN_FLOOR));
	if (s->position < hub->cursor)
		replayer_follow(s);
	else
		stream_set_state(s, STREAM_LIVE);
	stream_set_due(s);
	s->ops->opened(s);
}

/* Ends the session made for a refused stream, unless it continues an earlier
 * poll's. */
static void end_new_session(struct hub *hub, const struct opening *o,
			    const struct pg_result *r)
{
	const char *session = read_text(o, r, OPEN_SESSION);

	if (!o->session || strcmp(o->session, session) != 0)
		liveness_end_session(hub->liveness, session);
}

/* The reason why the database or the hub refuses it; ERROR_NONE: none. */
static enum confab_error find_refusal(struct hub *hub, const struct opening *o,
				      const struct pg_result *r,
				      const struct change_list *changes)
{
	if (login_ended(o, r, changes))
		return ERROR_UNAUTHENTICATED;
	if (is_crowded(hub, o, r)) {
		hub->counts.limited++;
		return ERROR_RATE;
	}
	/* The client comes back and is told what there is then. */
	if (shows_deleted(o, r, changes))
		return ERROR_UNAVAILABLE;
	return hub->started && o->start == hub->starts ? ERROR_NONE
						       : ERROR_UNAVAILABLE;
}

void opening_answer(struct hub *hub, struct opening *o,
		    const struct pg_result *r,
		    const struct change_list *changes)
{
	struct stream *s = o->stream;
	const char *failed = read_text(o, r, OPEN_FAILED);
	const char *detail = read_text(o, r, OPEN_DETAIL);
	struct error_answer answer;
	enum confab_error error;

	if (failed) {
		answer = error_answer_statement(failed, detail);
		if (answer.error == ERROR_UNAUTHENTICATED)
			admission_charge(hub, o->address);
		if (s)
			hub_refuse(s, answer.error, answer.body);
		return;
	}
	error = s ? find_refusal(hub, o, r, changes) : ERROR_NONE;
	if (s && error == ERROR_NONE) {
		attach_stream(s, o, r, changes);
		return;
	}
	end_new_session(hub, o, r);
	if (s)
		hub_refuse(s, error, NULL);
}

bool opening_is_row(const struct opening *o, const struct pg_result *r,
		    int place)
{
	return o->row < pg_rows(r) && read_number(o, r, OPEN_PLACE) == place;
}
