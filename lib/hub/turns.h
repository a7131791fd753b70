/* turns: who asks next, where many want to and each question takes a while. One
 * key (a log-in) has one question under way, so that whoever wants a thousand
 * things keeps nobody else waiting for more than one of them. */
#ifndef CONFAB_HUB_TURNS_H
#define CONFAB_HUB_TURNS_H

#include <sys/queue.h>

enum {
	TURNS_KEY = 32 /* bytes */
};

struct turn_taker;

/* Embedded in what waits. */
struct turn {
	TAILQ_ENTRY(turn) link;
	struct turn_taker *taker;
};

struct turns;
struct turns *turns_create(void) __attribute__((malloc));
/* What still waits is the caller's to free, before. */
void turns_free(struct turns *turns);

/* Stands in line. */
void turns_wait(struct turns *turns, struct turn *turn,
		const unsigned char key[TURNS_KEY]);
/* Gives up waiting. */
void turns_leave(struct turns *turns, struct turn *turn);

/* Whose turn it is, or NULL. It is under way until turns_done(). */
struct turn *turns_next(struct turns *turns);
/* While it is under way: if more than limit of its key wait, the first of them,
 * which waits no longer; 0: any number may. */
struct turn *turns_excess(struct turns *turns, struct turn *turn,
			  unsigned limit);
/* Its question is answered. */
void turns_done(struct turns *turns, struct turn *turn);
/* Any that waits, or NULL. */
struct turn *turns_first(struct turns *turns);

#endif
