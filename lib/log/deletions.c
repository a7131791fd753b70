/* deletions: see deletions.h. Owned by the hub, on the loop's thread. */
#include "log/deletions.h"

#include <stdlib.h>

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

void deletions_add(struct deletions *set, const struct json *list)
{
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

bool deletions_meet(struct deletions *set, struct dispatch *d)
{
	size_t met = 0;

	if (!set->count || !d->n_messages)
		return false;
	if (!set->sorted)
		qsort(set->ids, set->count, sizeof(*set->ids), compare_ids);
	set->sorted = true;
	for (size_t i = 0; i < d->n_messages; i++)
		met += bsearch(&d->messages[i], set->ids, set->count,
			       sizeof(*set->ids), compare_ids) != NULL;
	if (met == d->n_messages)
		d->fate = DISPATCH_GONE;
	else if (met && d->fate == DISPATCH_WHOLE)
		d->fate = DISPATCH_CHANGED;
	return met > 0;
}

void deletions_clear(struct deletions *set)
{
	free(set->ids);
	*set = (struct deletions){ 0 };
}
