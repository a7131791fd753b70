/* trouble: a thread that harms the server as real faults do. */
#ifndef CONFAB_TESTS_LOG_TROUBLE_H
#define CONFAB_TESTS_LOG_TROUBLE_H

#include <stdint.h>

struct trouble;

struct trouble_counts {
	uint64_t stalls;     /* backends stopped for some milliseconds */
	uint64_t terminated; /* backends ended with pg_terminate_backend() */
	uint64_t killed;     /* backends killed, which restarts the server */
	uint64_t crashes;    /* immediate shutdowns of the whole server */
};

/* crash: a shell command that stops the server at once and starts it again.
 * NULL: backends are only stalled. */
struct trouble *trouble_start(const char *conninfo, const char *crash,
			      uint64_t seed) __attribute__((malloc));

/* Returns when the server answers again. */
void trouble_end(struct trouble *trouble, struct trouble_counts *counts);

#endif
