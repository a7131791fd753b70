/* witness: the row of the log that was read last. It has to be there for as
 * long as the epoch is the same: a database without it is an older state of
 * itself, or another one. */
#ifndef CONFAB_LOG_WITNESS_H
#define CONFAB_LOG_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "log/cursor.h"

struct witness {
	struct cursor at; /* epoch "": none was read yet */
	int64_t stamp;    /* of confab.log_stamp() */
};

/* Reads what an earlier run of the program has written; false when there is
 * nothing to be read, and out is as before. */
bool witness_load(struct witness *out, const char *path);

/* Writes it for the next run. A file that can't be written is no fault: then
 * the next run knows less. */
void witness_save(const struct witness *witness, const char *path);

#endif
