/* ledger: records the dispatches of each writer and their fate, and checks that
 * a reader got exactly the committed ones. Each writer's part is its own while
 * it runs. Call ledger_settle() and the functions after it when all writers
 * have ended. */
#ifndef CONFAB_TESTS_LOG_LEDGER_H
#define CONFAB_TESTS_LOG_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

struct ledger;

/* The fate of a dispatch as its writer knows it. */
enum fate {
	FATE_NOT_COMMITTED, /* rolled back, or the commit was never sent */
	FATE_UNKNOWN,       /* the connection broke during the commit */
	FATE_COMMITTED,     /* acknowledged */
};

/* Identifies a dispatch everywhere; it is in its text. */
struct mark {
	int writer;
	int number; /* number of the writer's dispatch, from 0 */
};

enum {
	MARK_TEXT = 40
};
void mark_text(struct mark mark, char text[MARK_TEXT]);
/* The mark in a payload; writer -1 without one. */
struct mark mark_find(const char *payload);

/* The dispatches that one reader got between its start and its end. */
struct life {
	int64_t start;  /* a cursor; -1: it never started */
	int64_t cursor; /* the last cursor that it reported */
	/* For a start at a head: the number of dispatches visible right after
	 * the start, above visible_after and up to the head; -1: not asked. */
	int64_t visible, visible_after;
	size_t n, cap;
	struct seen {
		int64_t seq;
		struct mark mark;
	} * seen;
};
void life_add(struct life *life, int64_t seq, struct mark mark);

struct ledger *ledger_create(int writers) __attribute__((malloc));
void ledger_free(struct ledger *ledger);

/* Adds a dispatch that this writer is about to write; not committed yet. */
struct mark ledger_add(struct ledger *ledger, int writer);
void ledger_decide(struct ledger *ledger, struct mark mark, int64_t seq,
		   enum fate fate);

struct findings {
	size_t committed, rolled_back, unknown; /* dispatches of the writers */
	size_t lives;                           /* lives that started */
	size_t heads;    /* starts at a head that were checked */
	size_t lost;     /* committed, but not delivered */
	size_t late;     /* committed below a head after it was chosen */
	size_t repeated; /* twice, or out of order */
	size_t strange;  /* never committed, or with another text */
	size_t broken;   /* the table contradicts an acknowledgement */
	int64_t last;    /* the largest committed number */
};

/* Decides the unknown dispatches by the table and checks the others:
 * acknowledged ones must be there, rolled back ones must not. Reads rows above
 * base. */
void ledger_settle(struct ledger *ledger, PGconn *conn, int64_t base,
		   struct findings *findings);

/* Checks that the reader got every committed dispatch above its start and up to
 * its last cursor exactly once, in order, and nothing else. */
void ledger_check(const struct ledger *ledger, const struct life *life,
		  struct findings *findings);

#endif
