/* clock: time that only goes forward, whatever is done to the wall clock. */
#ifndef CONFAB_BASE_CLOCK_H
#define CONFAB_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since some moment before the program's start. */
static inline int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* The same in milliseconds. */
static inline int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

#endif
