/* rate: limits by key, in memory that processes share. Each key has a bucket
 * that holds burst units and fills at a steady rate. There are no locks, so a
 * process may be killed at any moment without harm. */
#ifndef CONFAB_BASE_RATE_H
#define CONFAB_BASE_RATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RATE_SETS = 4096, /* a power of two */
	RATE_WAYS = 8,    /* slots in a set */
};

struct rate_slot {
	_Atomic uint64_t key; /* 0: free */
	_Atomic int64_t due;  /* when the bucket will be full again, us */
};

/* Zero it before use. */
struct rate_table {
	struct rate_slot slots[RATE_SETS][RATE_WAYS];
};

/* The key of bytes that strangers choose. seed keeps them from choosing the
 * place in the table. kind separates keys of the same bytes. */
uint64_t rate_key(uint64_t seed, unsigned kind, const void *bytes, size_t len);

/* The units that a bucket of this rate holds, which may be taken at once. */
int rate_burst(int per_minute);

/* Takes units out of a bucket, at most a full one. Returns 0, or the
 * microseconds until there are enough, with nothing taken. per_minute > 0,
 * burst > 0, units > 0. now: microseconds of a clock that never goes back. A
 * full table forgets the bucket that would be full soonest; its owner then
 * starts anew. */
int64_t rate_take(struct rate_table *table, uint64_t key, int64_t now,
		  int per_minute, int burst, int units);

/* As rate_take(), for what has been used already: the units are taken even if
 * there are too few. The debt is at most one more bucket. */
void rate_spend(struct rate_table *table, uint64_t key, int64_t now,
		int per_minute, int burst, int units);

/* The units that a bucket lacks: more than burst when it is in debt. */
int64_t rate_used(struct rate_table *table, uint64_t key, int64_t now,
		  int per_minute);

#endif
