/* signal: signals (typing, presence) come over the doorbell's connection and go
 * at once to the connected streams that have caught up. They are not stored: a
 * client that misses one has lost it, and a slow stream is not closed for them.
 * sql/functions/message/typing.sql defines their form. Every role of the
 * database can send on the channel, so only a valid signal passes: no other
 * dispatch, and none with a place in the log. */
#include <string.h>

#include "base/logger.h"
#include "hub/hub_internal.h"

enum {
	SIGNAL_DEPTH = 4,
	SIGNAL_LIMIT = 8000 /* bytes; more PostgreSQL does not carry */
};

/* The form of the streams that get each signal. */
static const struct {
	const char *event;
	enum stream_form form;
} EVENTS[] = {
	{ "messagetyping.dispatch", FORM_FULL },
	{ "presence.dispatch", FORM_FULL },
	{ "directtell.dispatch", FORM_TALK },
};

struct signal {
	struct dispatch *dispatch;
	enum stream_form form;
	const struct json *sessions; /* only these streams, or NULL */
	const struct json *except;   /* not these accounts */
};

/* A stream that is catching up does not get signals: they would come before
 * older dispatches. What an account says to itself has no place among them. */
static bool takes_signals(const struct stream *s)
{
	return s->state == STREAM_LIVE ||
	       (s->state == STREAM_REPLAYING && s->form == FORM_TALK);
}

static void offer_to_stream(struct stream *s, const struct signal *signal)
{
	if (!takes_signals(s) || s->form != signal->form || s->peer ||
	    s->bytes > (size_t)s->hub->config->stream_queue / 2)
		return;
	if (signal->sessions && !json_lists_text(signal->sessions, s->session))
		return;
	stream_push(s, signal->dispatch);
	stream_set_due(s);
}

static void offer_account(struct roster_account *account,
			  const struct signal *signal)
{
	struct stream *s;

	if (!account || json_lists_integer(signal->except, roster_id(account)))
		return;
	LIST_FOREACH (s, roster_streams(account), of_account)
		offer_to_stream(s, signal);
}

static void offer_room(struct hub *hub, const char *text,
		       const struct signal *signal)
{
	struct roster_members *members;
	struct roster_member *m;
	struct uuid room;

	if (!text || !uuid_parse(&room, text))
		return;
	members = roster_members(hub->roster, &room);
	if (members)
		LIST_FOREACH (m, members, of_room)
			offer_account(m->account, signal);
}

/* False when there is no such event. */
static bool find_form(const char *event, enum stream_form *form)
{
	for (size_t i = 0; event && i < sizeof(EVENTS) / sizeof(*EVENTS); i++)
		if (strcmp(event, EVENTS[i].event) == 0) {
			*form = EVENTS[i].form;
			return true;
		}
	return false;
}

/* A text alone stands for what is said over a socket of a tutorial. */
static void write_payload(struct buf *out, enum stream_form form,
			  const char *event, const struct json *data)
{
	if (form == FORM_TALK)
		buf_add_text(out, "{\"message\":");
	else
		buf_addf(out, "{\"eventType\":\"%s\",\"data\":", event);
	json_print(form == FORM_TALK ? json_get(data, "message") : data, out);
	buf_add_text(out, "}");
}

/* Makes the dispatch of a payload from the members of a signal. NULL when the
 * payload is none. */
static struct dispatch *read_payload(const char *payload, size_t len,
				     enum stream_form *form)
{
	const char *why;
	struct json *json = json_parse(payload, len, SIGNAL_DEPTH, &why);
	const char *event = json_string(json_get(json, "eventType"), NULL);
	const struct json *data = json_get(json, "data");
	struct dispatch *dispatch = NULL;
	struct buf text = { 0 };

	if (find_form(event, form) && json_kind(data) == JSON_OBJECT &&
	    !json_has(json, "seq")) {
		write_payload(&text, *form, event, data);
		dispatch = dispatch_create_signal(buf_text(&text));
	}
	buf_free(&text);
	json_free(json);
	return dispatch;
}

/* Counts it, and logs it once: a role that can send one can send many. */
static void count_dropped(struct hub *hub)
{
	if (!hub->counts.signals_dropped++)
		logger(LEVEL_WARN, "signal",
		       "why=\"not one of ours; those that follow are "
		       "counted\"");
}

void hub_offer_signal(struct hub *hub, const char *text)
{
	const char *why;
	size_t len = strlen(text);
	struct json *json = len > SIGNAL_LIMIT
				    ? NULL
				    : json_parse(text, len, SIGNAL_DEPTH, &why);
	const char *payload = json_string(json_get(json, "payload"), &len);
	const struct json *accounts = json_get(json, "accounts");
	struct signal signal = {
		.sessions = json_get(json, "sessions"),
		.except = json_get(json, "except"),
	};

	if (payload)
		signal.dispatch = read_payload(payload, len, &signal.form);
	if (!signal.dispatch) {
		count_dropped(hub);
		json_free(json);
		return;
	}
	offer_room(hub, json_string(json_get(json, "room"), NULL), &signal);
	for (size_t i = 0; i < json_length(accounts); i++) {
		int64_t id;

		if (json_integer(json_at(accounts, i), &id))
			offer_account(roster_find(hub->roster, id), &signal);
	}
	dispatch_unref(signal.dispatch);
	json_free(json);
	hub_wake(hub);
}
