/* chance: SplitMix64 (Steele, Lea and Flood, 2014). */
#include "chance.h"

#include <time.h>

void chance_seed(struct chance *chance, uint64_t seed, uint64_t stream)
{
	chance->state = seed * UINT64_C(0xd1342543de82ef95) + stream;
	chance_below(chance, 1);
}

unsigned chance_below(struct chance *chance, unsigned limit)
{
	uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % limit);
}

void chance_pause(struct chance *chance, unsigned most)
{
	unsigned us = chance_below(chance, most * 1000 + 1);
	struct timespec ts = { .tv_sec = us / 1000000,
			       .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}
