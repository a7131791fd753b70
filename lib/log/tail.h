/* tail: follows confab.log and delivers every committed dispatch exactly once,
 * in seq order, and nothing else. tail.c holds the rule and its proof. One per
 * delivering process; asynchronous. */
#ifndef CONFAB_LOG_TAIL_H
#define CONFAB_LOG_TAIL_H

#include <stdint.h>

#include "event/loop.h"
#include "log/witness.h"

struct tail;

/* One row of the log. Strings are valid during the call only; NULL is SQL
 * null. */
struct tail_row {
	int64_t seq;
	const char *room;      /* uuid */
	const char *accounts;  /* "{1,2}" */
	const char *effect;    /* JSON object */
	const char *payload;   /* the dispatch */
	const char *messages;  /* "{uuid,uuid}": messages that it shows */
	const char *recipient; /* an account: the other side of a one-to-one, of
				  a new message there */
};

/* The callbacks of the tail's owner. */
struct tail_handler {
	/* The tail stands at a settled head: everything up to it is decided and
	 * will not be delivered. Called again when the numbering can't be
	 * continued (the epoch changed, or the log fell behind the cursor). */
	void (*start)(void *context, const char *epoch, int64_t head);
	void (*row)(void *context, const struct tail_row *row);
	/* Called after the rows of one read: now is the time to write to
	 * clients. Everything up to cursor is decided. */
	void (*batch)(void *context, int64_t cursor);
	/* A signal in confab.signal()'s form. Not stored, in no order. */
	void (*signal)(void *context, const char *text);
	/* The database is away (why), or back (NULL). Nothing is lost. */
	void (*away)(void *context, const char *why);
	/* The connection is up, and the tail's first statements are sent.
	 * May be NULL. */
	void (*up)(void *context);
	/* For the log: a warning in key=value form. */
	void (*warn)(void *context, const char *event, const char *detail);
};

/* Since the start of the process. */
struct tail_counts {
	uint64_t rows, reads, rings;
	uint64_t holes;  /* reads that met a hole */
	uint64_t fences; /* fences raised because of one */
};

struct tail *tail_create(struct loop *loop, const char *conninfo,
			 const char *user, const char *application,
			 const struct tail_handler *handler, void *context)
	__attribute__((malloc));
void tail_free(struct tail *tail);

/* Starts at a cursor that some tail has reported in batch() or start(), instead
 * of at the head. Call before the first turn of the loop. */
void tail_resume(struct tail *tail, const char *epoch, int64_t cursor);

/* Milliseconds since the fence that delivery waits for was raised; 0: none. */
int64_t tail_fence_age(const struct tail *tail);

/* The row that was read last, for the next run of the program. */
const struct witness *tail_witness(const struct tail *tail);
/* The last row that an earlier run has read. Call before the first turn of the
 * loop. */
void tail_remember(struct tail *tail, const struct witness *witness);
/* The tail's connection, for a process whose other statements are few. */
struct pg_async *tail_connection(const struct tail *tail);
/* Leaves out the test of the server: another process has passed it a moment
 * ago. */
void tail_trust(struct tail *tail);

const struct tail_counts *tail_counts(const struct tail *tail);

#endif
