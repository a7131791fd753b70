/* stream: the state and the queue of one stream. Called by the hub and by the
 * transports; an idle stream holds no memory here. */
#include "hub/stream.h"

#include <stdlib.h>

#include "base/logger.h"
#include "base/xalloc.h"
#include "hub/replayer.h"

void stream_lists_init(struct stream_lists *lists)
{
	for (int i = 0; i < STREAM_STATES; i++)
		TAILQ_INIT(&lists->of[i]);
	TAILQ_INIT(&lists->due);
}

/* The states that may follow each state, as bits. */
static bool may_follow(enum stream_state state, enum stream_state next)
{
	enum {
		CLOSED = 1 << STREAM_CLOSED,
		OPENING = 1 << STREAM_OPENING,
		REPLAYING = 1 << STREAM_REPLAYING,
		BLOCKED = 1 << STREAM_BLOCKED,
		LIVE = 1 << STREAM_LIVE,
		ENDING = 1 << STREAM_ENDING,
	};
	static const unsigned following[STREAM_STATES] = {
		[STREAM_CLOSED] = OPENING,
		[STREAM_OPENING] = REPLAYING | LIVE | CLOSED,
		[STREAM_REPLAYING] = BLOCKED | LIVE | ENDING | CLOSED,
		[STREAM_BLOCKED] = REPLAYING | ENDING | CLOSED,
		[STREAM_LIVE] = REPLAYING | ENDING | CLOSED,
		[STREAM_ENDING] = CLOSED,
	};

	return following[state] & 1U << next;
}

static bool is_listed(enum stream_state state)
{
	return state != STREAM_CLOSED && state != STREAM_OPENING;
}

void stream_set_state(struct stream *s, enum stream_state state)
{
	if (!may_follow(s->state, state)) {
		logger(LEVEL_ERROR, "stream_state", "from=%d to=%d",
		       (int)s->state, (int)state);
		abort();
	}
	if (is_listed(s->state))
		TAILQ_REMOVE(&s->lists->of[s->state], s, of_state);
	s->state = state;
	if (is_listed(state))
		TAILQ_INSERT_TAIL(&s->lists->of[state], s, of_state);
}

void stream_set_due(struct stream *s)
{
	if (!s->is_due)
		TAILQ_INSERT_TAIL(&s->lists->due, s, of_due);
	s->is_due = true;
}

void stream_clear_due(struct stream *s)
{
	if (s->is_due)
		TAILQ_REMOVE(&s->lists->due, s, of_due);
	s->is_due = false;
}

struct dispatch *stream_at(const struct stream *s, uint32_t i)
{
	return s->queue[(s->first + i) & (s->cap - 1)];
}

static void grow_queue(struct stream *s)
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
		grow_queue(s);
	s->queue[(s->first + s->count++) & (s->cap - 1)] =
		dispatch_ref(dispatch);
	s->bytes += dispatch->size;
}

struct dispatch *stream_peek(const struct stream *s)
{
	return s->count ? s->queue[s->first] : NULL;
}

/* Frees the memory of an empty queue. */
static void release_queue(struct stream *s)
{
	free(s->queue);
	s->queue = NULL;
	s->cap = 0;
	s->first = 0;
	if (s->state == STREAM_BLOCKED)
		replayer_follow(s);
}

struct dispatch *stream_take(struct stream *s)
{
	struct dispatch *d = stream_peek(s);

	if (!d)
		return NULL;
	s->first = (s->first + 1) & (s->cap - 1);
	s->bytes -= d->size;
	if (!--s->count)
		release_queue(s);
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
		release_queue(s);
}

void stream_empty(struct stream *s)
{
	while (s->count)
		dispatch_unref(stream_take(s));
}
