/* turns: see turns.h. Used by the hub to open streams. Owns the keys, not the
 * waiting items. */
#include "hub/turns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/xalloc.h"

TAILQ_HEAD(turn_list, turn);

/* A key with items in line or under way. */
struct turn_taker {
	unsigned char key[TURNS_KEY];
	struct turn_list line;
	unsigned count;  /* items in line */
	bool under_way;  /* one is under way */
	bool is_waiting; /* on the list for a turn: items in line, none under
			    way */
	TAILQ_ENTRY(turn_taker) link;
	UT_hash_handle hh;
};

struct turns {
	struct turn_taker *all;
	TAILQ_HEAD(, turn_taker) waiting;
};

struct turns *turns_create(void)
{
	struct turns *turns = xcalloc(1, sizeof(*turns));

	TAILQ_INIT(&turns->waiting);
	return turns;
}

/* Puts a key on the right list after a change. */
static void update_taker(struct turns *turns, struct turn_taker *taker)
{
	bool waits = taker->count && !taker->under_way;

	if (waits && !taker->is_waiting)
		TAILQ_INSERT_TAIL(&turns->waiting, taker, link);
	if (!waits && taker->is_waiting)
		TAILQ_REMOVE(&turns->waiting, taker, link);
	taker->is_waiting = waits;
	if (taker->count || taker->under_way)
		return;
	HASH_DEL(turns->all, taker);
	free(taker);
}

void turns_free(struct turns *turns)
{
	struct turn_taker *taker, *next;

	if (!turns)
		return;
	HASH_ITER (hh, turns->all, taker, next) {
		HASH_DEL(turns->all, taker);
		free(taker);
	}
	free(turns);
}

void turns_wait(struct turns *turns, struct turn *turn,
		const unsigned char key[TURNS_KEY])
{
	struct turn_taker *taker;

	HASH_FIND(hh, turns->all, key, TURNS_KEY, taker);
	if (!taker) {
		taker = xcalloc(1, sizeof(*taker));
		memcpy(taker->key, key, TURNS_KEY);
		TAILQ_INIT(&taker->line);
		HASH_ADD(hh, turns->all, key, TURNS_KEY, taker);
	}
	turn->taker = taker;
	TAILQ_INSERT_TAIL(&taker->line, turn, link);
	taker->count++;
	update_taker(turns, taker);
}

static void leave_line(struct turn *turn)
{
	TAILQ_REMOVE(&turn->taker->line, turn, link);
	turn->taker->count--;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
	leave_line(turn);
	update_taker(turns, turn->taker);
}

struct turn *turns_next(struct turns *turns)
{
	struct turn_taker *taker = TAILQ_FIRST(&turns->waiting);
	struct turn *turn = taker ? TAILQ_FIRST(&taker->line) : NULL;

	if (!turn)
		return NULL;
	leave_line(turn);
	taker->under_way = true;
	update_taker(turns, taker);
	return turn;
}

struct turn *turns_excess(struct turns *turns, struct turn *turn,
			  unsigned limit)
{
	struct turn_taker *taker = turn->taker;
	struct turn *excess = limit && taker->count > limit
				      ? TAILQ_FIRST(&taker->line)
				      : NULL;

	if (excess)
		turns_leave(turns, excess);
	return excess;
}

void turns_done(struct turns *turns, struct turn *turn)
{
	turn->taker->under_way = false;
	update_taker(turns, turn->taker);
}

struct turn *turns_first(struct turns *turns)
{
	struct turn_taker *taker, *next;

	HASH_ITER (hh, turns->all, taker, next)
		if (taker->count)
			return TAILQ_FIRST(&taker->line);
	return NULL;
}
