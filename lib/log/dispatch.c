/* dispatch: see dispatch.h. Used by the hub and the transports, on the loop's
 * thread only. */
#include "log/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "log/cursor.h"

/* Copies JSON onto one line, because a line feed would end an SSE field. JSON
 * may have one only between tokens. */
static void copy_line(char *to, const char *json, size_t len)
{
	memcpy(to, json, len);
	for (char *p = to; (p = memchr(p, '\n', len - (size_t)(p - to)));)
		*p = ' ';
	for (char *p = to; (p = memchr(p, '\r', len - (size_t)(p - to)));)
		*p = ' ';
}

/* head: the fields before the JSON. */
static struct dispatch *encode_after(const char *head, size_t head_len,
				     const char *json, size_t n_accounts,
				     size_t n_messages)
{
	static const char TAIL[] = "\n\n";
	size_t len = strlen(json);
	size_t text = head_len + len + sizeof(TAIL) - 1;
	size_t room = (text + 7) / 8 * 8;
	struct dispatch *d =
		xcalloc(1, sizeof(*d) + room + n_accounts * sizeof(int64_t) +
				   n_messages * sizeof(struct uuid));

	d->references = 1;
	d->size = text;
	d->json_at = head_len;
	d->json_len = len;
	memcpy(d->text, head, head_len);
	copy_line(d->text + head_len, json, len);
	memcpy(d->text + head_len + len, TAIL, sizeof(TAIL) - 1);
	d->accounts = (const int64_t *)(const void *)(d->text + room);
	d->messages =
		(const struct uuid *)(const void *)(d->accounts + n_accounts);
	return d;
}

/* epoch NULL: it carries no cursor. */
static struct dispatch *encode_frame(const char *epoch, int64_t position,
				     const char *json, size_t n_accounts,
				     size_t n_messages)
{
	char cursor[CURSOR_TEXT], head[CURSOR_TEXT + 32];
	size_t head_len = (size_t)snprintf(
		head, sizeof(head),
		"%s%s%sevent: dispatch\ndata: ", epoch ? "id: " : "",
		epoch ? cursor_print(cursor, epoch, position) : "",
		epoch ? "\n" : "");

	return encode_after(head, head_len, json, n_accounts, n_messages);
}

static int compare_accounts(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void read_accounts(struct dispatch *d, const char *text, size_t n)
{
	int64_t *to = (int64_t *)(void *)(d->text + (d->size + 7) / 8 * 8);

	for (size_t i = 0; i < n; i++) {
		char *end;

		to[i] = strtoll(text + 1, &end, 10);
		text = end;
	}
	qsort(to, n, sizeof(*to), compare_accounts);
	d->n_accounts = n;
}

/* The ids come after the accounts. */
static void read_messages(struct dispatch *d, const char *text, size_t n)
{
	struct uuid *to =
		(struct uuid *)(void *)(d->text + (d->size + 7) / 8 * 8 +
					d->n_accounts * sizeof(int64_t));
	char id[UUID_LENGTH + 1] = "";

	for (size_t i = 0; i < n; i++, text += UUID_LENGTH + 1) {
		memcpy(id, text + 1, UUID_LENGTH);
		if (uuid_parse(&to[d->n_messages], id))
			d->n_messages++;
	}
}

static size_t count_items(const char *text)
{
	size_t n = 1;

	if (!text || !strcmp(text, "{}"))
		return 0;
	for (; *text; text++)
		n += *text == ',';
	return n;
}

struct dispatch *dispatch_create(const char *epoch, int64_t seq,
				 const char *room, const char *accounts,
				 const char *messages, const char *json)
{
	size_t n = count_items(accounts), shown = count_items(messages);
	struct dispatch *d = encode_frame(epoch, seq, json, n, shown);

	d->seq = seq;
	d->to_room = room && uuid_parse(&d->room, room);
	read_accounts(d, accounts, n);
	read_messages(d, messages, shown);
	return d;
}

struct dispatch *dispatch_create_alike(const struct dispatch *given,
				       const char *json)
{
	size_t n = given->n_messages;
	struct dispatch *d =
		encode_after(given->text, given->json_at, json, 0, n);

	d->seq = given->seq;
	d->n_messages = n;
	if (n)
		memcpy(d->text + (d->size + 7) / 8 * 8, given->messages,
		       n * sizeof(struct uuid));
	return d;
}

struct dispatch *dispatch_create_local(const char *epoch, int64_t position,
				       const char *json)
{
	return encode_frame(epoch, position, json, 0, 0);
}

struct dispatch *dispatch_create_notifications(const char *epoch,
					       int64_t position,
					       const char *json)
{
	struct dispatch *d = dispatch_create_local(epoch, position, json);

	d->is_notifications = true;
	return d;
}

struct dispatch *dispatch_create_signal(const char *json)
{
	return encode_frame(NULL, 0, json, 0, 0);
}

struct dispatch *dispatch_ref(struct dispatch *dispatch)
{
	dispatch->references++;
	return dispatch;
}

void dispatch_unref(struct dispatch *dispatch)
{
	if (dispatch && --dispatch->references == 0)
		free(dispatch);
}

size_t dispatch_cost(const struct dispatch *dispatch)
{
	return sizeof(*dispatch) + dispatch->size +
	       dispatch->n_accounts * sizeof(int64_t) +
	       dispatch->n_messages * sizeof(struct uuid);
}
