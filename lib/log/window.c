/* window: a ring of dispatch references, ascending by seq. Owned by the hub. */
#include "log/window.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct window {
	struct dispatch **ring;
	size_t first, count, cap; /* cap is a power of two */
	size_t bytes, limit;
	int64_t floor;
};

struct window *window_create(size_t limit)
{
	struct window *w = xcalloc(1, sizeof(*w));

	w->limit = limit;
	return w;
}

static void drop_first(struct window *w)
{
	struct dispatch *d = window_at(w, 0);

	w->floor = d->seq;
	w->bytes -= dispatch_cost(d);
	w->first = (w->first + 1) & (w->cap - 1);
	w->count--;
	dispatch_unref(d);
}

void window_free(struct window *w)
{
	if (!w)
		return;
	while (w->count)
		drop_first(w);
	free(w->ring);
	free(w);
}

void window_reset(struct window *w, int64_t position)
{
	while (w->count)
		drop_first(w);
	w->floor = position;
}

void window_drop(struct window *w, int64_t position)
{
	while (w->count && window_at(w, 0)->seq <= position)
		drop_first(w);
	if (w->floor < position)
		w->floor = position;
}

static void grow_ring(struct window *w)
{
	size_t cap = w->cap ? w->cap * 2 : 1024;
	struct dispatch **ring = xcalloc(cap, sizeof(*ring));

	for (size_t i = 0; i < w->count; i++)
		ring[i] = window_at(w, i);
	free(w->ring);
	w->ring = ring;
	w->cap = cap;
	w->first = 0;
}

void window_add(struct window *w, struct dispatch *dispatch)
{
	if (w->count == w->cap)
		grow_ring(w);
	w->ring[(w->first + w->count++) & (w->cap - 1)] =
		dispatch_ref(dispatch);
	w->bytes += dispatch_cost(dispatch);
	while (w->bytes > w->limit && w->count > 1)
		drop_first(w);
}

bool window_add_before(struct window *w, int64_t seq, struct dispatch *dispatch)
{
	if (dispatch && w->bytes + dispatch_cost(dispatch) > w->limit)
		return false;
	w->floor = seq - 1;
	if (!dispatch)
		return true;
	if (w->count == w->cap)
		grow_ring(w);
	w->first = (w->first - 1) & (w->cap - 1);
	w->count++;
	w->ring[w->first] = dispatch_ref(dispatch);
	w->bytes += dispatch_cost(dispatch);
	return true;
}

size_t window_bytes(const struct window *w)
{
	return w->bytes;
}

int64_t window_floor(const struct window *w)
{
	return w->floor;
}

size_t window_after(const struct window *w, int64_t seq)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (window_at(w, middle)->seq > seq)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

size_t window_count(const struct window *w)
{
	return w->count;
}

struct dispatch *window_at(const struct window *w, size_t i)
{
	return w->ring[(w->first + i) & (w->cap - 1)];
}
