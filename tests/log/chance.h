/* chance: a random generator per thread. The seed decides the actions of each
 * thread, but not their timing, which is up to the scheduler. */
#ifndef CONFAB_TESTS_LOG_CHANCE_H
#define CONFAB_TESTS_LOG_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

/* seed: the run's. stream: the thread's. */
void chance_seed(struct chance *chance, uint64_t seed, uint64_t stream);

/* A number in [0, limit); limit > 0. */
unsigned chance_below(struct chance *chance, unsigned limit);

static inline bool chance_percent(struct chance *chance, unsigned percent)
{
	return chance_below(chance, 100) < percent;
}

/* Waits up to most milliseconds, in steps of microseconds. */
void chance_pause(struct chance *chance, unsigned most);

#endif
