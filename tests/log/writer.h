/* writer: a thread with a connection of its own that writes dispatches in one
 * way or another and keeps its part of the ledger. */
#ifndef CONFAB_TESTS_LOG_WRITER_H
#define CONFAB_TESTS_LOG_WRITER_H

#include <stdint.h>

#include "ledger.h"

enum load {
	LOAD_MIX,   /* everything that can happen to a transaction */
	LOAD_PLAIN, /* full speed, one in ten rolled back, nobody slow */
	LOADS,
};

#define WRITER_APPLICATION "torture-writer"

struct writer;

struct writer *writer_start(const char *conninfo, enum load load,
			    struct ledger *ledger, int number, uint64_t seed)
	__attribute__((malloc));

/* All of them end with the transaction they are in. */
void writer_end_all(void);
void writer_join(struct writer *writer);

#endif
