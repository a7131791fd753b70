/* stream: the queue of one stream. An idle stream holds no memory here. */
#include "hub/stream.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "hub/hub.h"

struct dispatch *stream_at(const struct stream *s, uint32_t i)
{
	return s->queue[(s->first + i) & (s->cap - 1)];
}

static void grow(struct stream *s)
{
	uint32_t cap = s->cap ? s->cap * 2 : 8;
	struct dispatch **queue = xcalloc(cap, sizeof(*queue));

	for (uint32_t i = 0; i < s->count; i++)
		queue[i] = stream_at(s, i);
	free(s->queue);
	s->queue = queue;
	s->cap = cap;
	s->first = 0;
}

void stream_push(struct stream *s, struct dispatch *dispatch)
{
	if (s->count == s->cap)
		grow(s);
	s->queue[(s->first + s->count++) & (s->cap - 1)] =
		dispatch_ref(dispatch);
	s->bytes += dispatch->size;
}

struct dispatch *stream_peek(const struct stream *s)
{
	return s->count ? s->queue[s->first] : NULL;
}

static void emptied(struct stream *s)
{
	free(s->queue);
	s->queue = NULL;
	s->cap = 0;
	s->first = 0;
	if (s->blocked)
		hub_unblock(s);
}

struct dispatch *stream_take(struct stream *s)
{
	struct dispatch *d = stream_peek(s);

	if (!d)
		return NULL;
	s->first = (s->first + 1) & (s->cap - 1);
	s->bytes -= d->size;
	if (!--s->count)
		emptied(s);
	return d;
}

void stream_cut(struct stream *s, uint32_t n)
{
	uint32_t kept = n, count = s->count;
	size_t dropped = 0;

	for (uint32_t i = n; i < count; i++) {
		struct dispatch *d = stream_at(s, i);

		if (!d->seq) {
			s->queue[(s->first + kept++) & (s->cap - 1)] = d;
			continue;
		}
		dropped += d->size;
		dispatch_unref(d);
	}
	s->bytes -= dropped;
	s->count = kept;
	if (!kept)
		emptied(s);
}

void stream_empty(struct stream *s)
{
	s->blocked = false;
	while (s->count)
		dispatch_unref(stream_take(s));
}
