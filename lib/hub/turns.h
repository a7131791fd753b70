/* turns: takes turns among keys (log-ins) when many items wait and each takes a
 * while. A key has one item under way, so a key with a thousand items delays
 * the others by no more than one. */
#ifndef CONFAB_HUB_TURNS_H
#define CONFAB_HUB_TURNS_H

#include <sys/queue.h>

enum {
	TURNS_KEY = 32 /* bytes */
};

struct turn_taker;

/* Embedded in the item that waits. */
struct turn {
	TAILQ_ENTRY(turn) link;
	struct turn_taker *taker;
};

struct turns;
struct turns *turns_create(void) __attribute__((malloc));
/* The caller frees the items that still wait, before this. */
void turns_free(struct turns *turns);

/* Puts an item in line. */
void turns_wait(struct turns *turns, struct turn *turn,
		const unsigned char key[TURNS_KEY]);
/* Takes an item out of the line. */
void turns_leave(struct turns *turns, struct turn *turn);

/* The item whose turn it is, or NULL. It is under way until turns_done(). */
struct turn *turns_next(struct turns *turns);
/* Call while turn is under way. If more than limit of its key wait, takes
 * the first of them out of the line and returns it. limit 0: any number may
 * wait. */
struct turn *turns_excess(struct turns *turns, struct turn *turn,
			  unsigned limit);
/* The item is done; the next of its key may have a turn. */
void turns_done(struct turns *turns, struct turn *turn);
/* Any item that waits, or NULL. */
struct turn *turns_first(struct turns *turns);

#endif
