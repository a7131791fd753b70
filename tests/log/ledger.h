/* ledger: what each writer knows of its dispatches, what became of them, and
 * whether a reader got exactly that. Each writer's part is its own while it
 * runs; ledger_settle() and what follows it come after they have ended. */
#ifndef CONFAB_TESTS_LOG_LEDGER_H
#define CONFAB_TESTS_LOG_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

struct ledger;

/* What the writer was told of a dispatch. */
enum fate {
	FATE_NOT_COMMITTED, /* rolled back, or never got as far as a commit */
	FATE_UNKNOWN,       /* the connection broke in the commit */
	FATE_COMMITTED,     /* acknowledged */
};

/* Something to tell this dispatch by, wherever it turns up: its text. */
struct mark {
	int writer;
	int number; /* of this writer's dispatches, from 0 */
};

enum {
	MARK_TEXT = 40
};
void mark_text(struct mark mark, char text[MARK_TEXT]);
/* The mark in a payload; writer -1 when there is none. */
struct mark mark_find(const char *payload);

/* What one reader got between its start and its end. */
struct life {
	int64_t start;  /* a cursor; -1: it never came to start */
	int64_t cursor; /* the last that it reported */
	/* At a head: how many dispatches could be seen, right after the start,
	 * above visible_after and up to the head; -1: not asked. */
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

/* A dispatch that this writer is about to write; not committed as yet. */
struct mark ledger_add(struct ledger *ledger, int writer);
void ledger_decide(struct ledger *ledger, struct mark mark, int64_t seq,
		   enum fate fate);

struct findings {
	size_t committed, rolled_back, unknown; /* dispatches of the writers */
	size_t lives;    /* of readers, that came to start */
	size_t heads;    /* starts at a head that were checked */
	size_t lost;     /* committed, not handed over */
	size_t late;     /* committed below a head after it was taken */
	size_t repeated; /* twice, or out of order */
	size_t strange;  /* never committed, or other than what was written */
	size_t broken;   /* the table contradicts an acknowledgement */
	int64_t last;    /* the greatest number committed */
};

/* Decides the unknown ones by the table and checks the others against it:
 * what was acknowledged is there, what was rolled back is not. Looks at rows
 * above base. */
void ledger_settle(struct ledger *ledger, PGconn *conn, int64_t base,
		   struct findings *findings);

/* Whether the reader got every committed dispatch above its start and up to its
 * last cursor exactly once, in order, and nothing else. */
void ledger_check(const struct ledger *ledger, const struct life *life,
		  struct findings *findings);

#endif
