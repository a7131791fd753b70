/* rate: see rate.h. The caller owns the table's memory.
 *
 * A bucket is one number: the time at which it will be full again (the generic
 * cell rate algorithm, ITU-T I.371). Each unit taken moves that time by one
 * interval; while it is less than burst intervals ahead, some are left. A
 * bucket whose time has passed is full, like one that was never used, so its
 * slot can be given away. Two processes that disagree for a moment about a
 * slot's owner charge one unit too many or too few. */
#include "base/rate.h"

#include <stdbool.h>

enum {
	MINUTE = 60000000, /* us */
	BURST_LEAST = 5,
	BURST_PART = 4 /* a burst is this part of a minute's rate */
};

/* The finalizer of splitmix64. */
static uint64_t mix_bits(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

uint64_t rate_key(uint64_t seed, unsigned kind, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t x = mix_bits(seed + kind * 0x9e3779b97f4a7c15U);

	for (size_t i = 0; i < len; i++)
		x = mix_bits((x ^ p[i]) + 0x9e3779b97f4a7c15U);
	return x ? x : 1;
}

int rate_burst(int per_minute)
{
	int burst = per_minute / BURST_PART;

	return burst < BURST_LEAST ? BURST_LEAST : burst;
}

/* The key's slot, or else a free one, a full one, or the one that is full
 * soonest. */
static struct rate_slot *find_slot(struct rate_slot *set, uint64_t key,
				   int64_t now)
{
	struct rate_slot *found = NULL;
	int64_t soonest = INT64_MAX;
	uint64_t old;

	for (int i = 0; i < RATE_WAYS; i++)
		if (atomic_load(&set[i].key) == key)
			return &set[i];
	for (int i = 0; i < RATE_WAYS; i++) {
		int64_t due = atomic_load(&set[i].due);

		if (due < soonest) {
			soonest = due;
			found = &set[i];
		}
	}
	old = atomic_load(&found->key);
	/* The loser of this race shares the slot this once. */
	if (atomic_compare_exchange_strong(&found->key, &old, key) &&
	    soonest > now)
		atomic_store(&found->due, now);
	return found;
}

int64_t rate_take(struct rate_table *table, uint64_t key, int64_t now,
		  int per_minute, int burst, int units)
{
	struct rate_slot *slot =
		find_slot(table->slots[key & (RATE_SETS - 1)], key, now);
	int64_t interval = MINUTE / per_minute;
	int64_t due = atomic_load(&slot->due), start, wait;
	int64_t taken = interval * (units < burst ? units : burst);

	do {
		start = due > now ? due : now;
		wait = start + taken - (now + interval * burst);
		if (wait > 0)
			return wait;
	} while (
		!atomic_compare_exchange_weak(&slot->due, &due, start + taken));
	return 0;
}

void rate_spend(struct rate_table *table, uint64_t key, int64_t now,
		int per_minute, int burst, int units)
{
	struct rate_slot *slot =
		find_slot(table->slots[key & (RATE_SETS - 1)], key, now);
	int64_t interval = MINUTE / per_minute;
	int64_t due = atomic_load(&slot->due), next;

	do {
		next = (due > now ? due : now) + interval * units;
		if (next > now + 2 * interval * burst)
			next = now + 2 * interval * burst;
	} while (!atomic_compare_exchange_weak(&slot->due, &due, next));
}

int64_t rate_used(struct rate_table *table, uint64_t key, int64_t now,
		  int per_minute)
{
	struct rate_slot *set = table->slots[key & (RATE_SETS - 1)];

	for (int i = 0; i < RATE_WAYS; i++) {
		int64_t due = atomic_load(&set[i].due);

		if (atomic_load(&set[i].key) == key && due > now)
			return (due - now) / (MINUTE / per_minute);
	}
	return 0;
}
