/* reader: a thread that reads the log through lib/log/tail.c, one life after
 * the other. A life begins at the head or at a cursor that some reader has
 * reported, and ends at random or when the run is over. */
#ifndef CONFAB_TESTS_LOG_READER_H
#define CONFAB_TESTS_LOG_READER_H

#include <stdint.h>

#include "ledger.h"

#define READER_APPLICATION "torture-reader"

struct reader;

/* Before the first reader of a run starts. base: a cursor that is decided. */
void reader_begin_all(const char *epoch, int64_t base);

struct reader *reader_start(const char *conninfo, uint64_t seed, int number)
	__attribute__((malloc));

/* Holes that all readers have met so far. */
uint64_t reader_holes(void);

/* The log ends here: each reader ends when it has come as far. */
void reader_end_all(int64_t last);

struct reader_counts {
	uint64_t lives, rows, holes, fences;
	uint64_t moved;  /* told to start anew without a reason */
	uint64_t behind; /* did not come to the end in time */
};

/* Checks what the reader got, adds up what it counted, and frees it. */
void reader_join(struct reader *reader, const struct ledger *ledger,
		 struct findings *findings, struct reader_counts *counts);

#endif
