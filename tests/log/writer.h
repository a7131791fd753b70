/* writer: a thread that writes dispatches over its own connection, in various
 * ways, and keeps its part of the ledger. */
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

/* Each ends with its current transaction. */
void writer_end_all(void);
void writer_join(struct writer *writer);

#endif
