/* reader: a thread that reads the log through lib/log/tail.c, in one life after
 * another. A life begins at a head or at a cursor that some reader has
 * reported. It ends at random or with the run. */
#ifndef CONFAB_TESTS_LOG_READER_H
#define CONFAB_TESTS_LOG_READER_H

#include <stdint.h>

#include "ledger.h"

#define READER_APPLICATION "torture-reader"

struct reader;

/* Call before the first reader of a run. base: a decided cursor. */
void reader_begin_all(const char *epoch, int64_t base);

struct reader *reader_start(const char *conninfo, uint64_t seed, int number)
	__attribute__((malloc));

/* Holes that all readers have met so far. */
uint64_t reader_holes(void);

/* Tells the readers where the log ends; each ends when it gets there. */
void reader_end_all(int64_t last);

struct reader_counts {
	uint64_t lives, rows, holes, fences;
	uint64_t moved;  /* lives told to start anew without a reason */
	uint64_t behind; /* readers that missed the end in time */
};

/* Checks a reader's lives, adds up its counts, and frees it. */
void reader_join(struct reader *reader, const struct ledger *ledger,
		 struct findings *findings, struct reader_counts *counts);

#endif
