/* deletions: see deletions.h. Owned by the hub, on the loop's thread. */
#include "log/deletions.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void add_id(struct deletions *set, const struct uuid *id)
{
	if (set->count == set->cap) {
		set->cap = set->cap ? set->cap * 2 : 16;
		set->ids = xrealloc(set->ids, set->cap * sizeof(*set->ids));
	}
	set->ids[set->count++] = *id;
	set->sorted = false;
}

void deletions_add(struct deletions *set, const struct json *effect,
		   const struct uuid *room)
{
	const struct json *list = json_get(effect, "deleted");

	if (room && json_has(effect, "room_deleted"))
		add_id(set, room);
	for (size_t i = 0; i < json_length(list); i++) {
		const char *text = json_string(json_at(list, i), NULL);
		struct uuid id;

		if (text && uuid_parse(&id, text))
			add_id(set, &id);
	}
}

static int compare_ids(const void *a, const void *b)
{
	const struct uuid *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return (x->lo > y->lo) - (x->lo < y->lo);
}

static bool has_id(struct deletions *set, const struct uuid *id)
{
	if (!set->sorted)
		qsort(set->ids, set->count, sizeof(*set->ids), compare_ids);
	set->sorted = true;
	return bsearch(id, set->ids, set->count, sizeof(*set->ids),
		       compare_ids) != NULL;
}

bool deletions_meet(struct deletions *set, struct dispatch *d)
{
	size_t met = 0;

	if (!set->count)
		return false;
	if (d->to_room && has_id(set, &d->room)) {
		d->fate = DISPATCH_GONE;
		return true;
	}
	if (!d->n_messages)
		return false;
	for (size_t i = 0; i < d->n_messages; i++)
		met += has_id(set, &d->messages[i]);
	if (met == d->n_messages)
		d->fate = DISPATCH_GONE;
	else if (met && d->fate == DISPATCH_WHOLE)
		d->fate = DISPATCH_CHANGED;
	return met > 0;
}

bool deletions_meet_json(struct deletions *set, const char *json, size_t len)
{
	const char *end = json + len, *at = json;
	char text[UUID_LENGTH + 1] = "";
	struct uuid id;

	if (!set->count)
		return false;
	while ((at = memchr(at, '"', (size_t)(end - at))) &&
	       end - ++at > UUID_LENGTH) {
		if (at[UUID_LENGTH] != '"')
			continue;
		memcpy(text, at, UUID_LENGTH);
		if (uuid_parse(&id, text) && has_id(set, &id))
			return true;
	}
	return false;
}

void deletions_clear(struct deletions *set)
{
	free(set->ids);
	*set = (struct deletions){ 0 };
}
