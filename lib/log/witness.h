/* witness: the row of the log that was read last. It must exist as long as the
 * epoch is the same: a database without it is an older state of the same
 * database, or another one. */
#ifndef CONFAB_LOG_WITNESS_H
#define CONFAB_LOG_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "log/cursor.h"

struct witness {
	struct cursor at; /* epoch "": none was read yet */
	int64_t stamp;    /* of confab.log_stamp() */
};

/* Reads the file of an earlier run of the program. False when it can't be read;
 * out is then unchanged. */
bool witness_load(struct witness *out, const char *path);

/* Writes the file for the next run. If it can't be written, the next run only
 * knows less. */
void witness_save(const struct witness *witness, const char *path);

#endif
