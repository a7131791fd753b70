/* form: see form.h. Called by the hub for each stream of an audience. Thin
 * dispatches are made for each stream anew: a one-to-one chat has two people,
 * and few streams of them are thin. */
#include "hub/form.h"

#include <string.h>

#include "auth/query.h"
#include "base/buf.h"
#include "base/json.h"
#include "hub/roster.h"
#include "hub/stream.h"

enum {
	DEPTH = 80 /* of a dispatch's JSON: a command's, and what is around it
		    */
};

bool form_read(const char *query, enum stream_form *form)
{
	char text[8];
	const char *payload = query_find(query, "payload", text, sizeof(text));

	*form = payload ? FORM_ID : FORM_FULL;
	return !payload || !strcmp(payload, "id");
}

/* Whether the message is one with the person whom the stream is for. */
static bool is_wanted(const struct stream *s, const struct dispatch *d,
		      int64_t sender)
{
	return !s->peer ||
	       s->peer == (roster_id(s->account) == sender ? d->recipient
							   : sender);
}

static void add_member(struct buf *out, const char *name,
		       const struct json *value)
{
	buf_addf(out, ",\"%s\":", name);
	json_print(value, out);
}

static void write_id(struct buf *out, const struct dispatch *d,
		     const struct json *message)
{
	buf_add_text(out, "{\"message\":");
	json_print(json_get(message, "id"), out);
	buf_addf(out, ",\"seq\":%lld}", (long long)d->seq);
}

static void write_talk(struct buf *out, const struct dispatch *d,
		       const struct json *message)
{
	const struct json *sender = json_get(message, "sender");

	buf_add_text(out, "{\"message\":{\"id\":");
	json_print(json_get(message, "id"), out);
	buf_add_text(out, ",\"sender\":{\"id\":");
	json_print(json_get(sender, "id"), out);
	add_member(out, "username", json_get(sender, "username"));
	buf_addf(out, "},\"recipient\":%lld", (long long)d->recipient);
	add_member(out, "content", json_get(message, "content"));
	add_member(out, "timestamp", json_get(message, "created_at"));
	buf_add_text(out, "}}");
}

/* Encodes it anew. It keeps its place in the log and what it shows, so a
 * deletion withdraws it, too. */
static struct dispatch *thin_dispatch(const struct stream *s,
				      const struct dispatch *d,
				      const struct json *message)
{
	struct buf text = { 0 };
	struct dispatch *thin;

	if (s->form == FORM_ID)
		write_id(&text, d, message);
	else
		write_talk(&text, d, message);
	thin = dispatch_create_alike(d, buf_text(&text));
	buf_free(&text);
	return thin;
}

struct dispatch *form_dispatch(const struct stream *s, struct dispatch *d)
{
	struct json *json;
	const struct json *message;
	struct dispatch *thin = NULL;
	const char *why;
	int64_t sender = 0;

	if (s->form == FORM_FULL)
		return dispatch_ref(d);
	if (!d->recipient)
		return NULL;
	json = json_parse(d->text + d->json_at, d->json_len, DEPTH, &why);
	message = json_get(json, "data");
	/* An operator may have replaced how a message is written. */
	(void)!json_integer(json_get(json_get(message, "sender"), "id"),
			    &sender);
	if (json_get(message, "id") && is_wanted(s, d, sender))
		thin = thin_dispatch(s, d, message);
	json_free(json);
	return thin;
}
