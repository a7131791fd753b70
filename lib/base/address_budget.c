/* address_budget: see address_budget.h. Owns nothing. */
#include "base/address_budget.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"

enum {
	SECONDS = 60 /* of a minute */
};

void address_budget_init(struct address_budget *budget,
			 const struct config *config)
{
	*budget = (struct address_budget){
		.seed = (uint64_t)secret_random(UINT32_MAX) << 32 |
			secret_random(UINT32_MAX),
		.per_minute = config->rate_limits ? config->rate_address : 0,
	};
}

size_t address_network(const char *address, unsigned char out[16])
{
	static const unsigned char MAPPED[12] = { [10] = 0xff, [11] = 0xff };

	if (!address)
		return 0;
	if (inet_pton(AF_INET, address, out) == 1)
		return 4;
	if (inet_pton(AF_INET6, address, out) != 1)
		return 0;
	if (memcmp(out, MAPPED, sizeof(MAPPED)))
		return 8;
	memmove(out, out + sizeof(MAPPED), 4);
	return 4;
}

uint64_t address_budget_key(const struct address_budget *budget,
			    const char *address)
{
	unsigned char network[16];
	size_t len = address_network(address, network);

	return len ? rate_key(budget->seed, 0, network, len) : 0;
}

/* The units that the bucket lacks; 0 where nothing is limited. */
static int64_t units_used(const struct address_budget *budget,
			  const char *address)
{
	uint64_t key = address_budget_key(budget, address);

	if (!budget->table || !budget->per_minute || !key)
		return 0;
	return rate_used(budget->table, key, clock_us(), budget->per_minute);
}

int address_budget_wait(const struct address_budget *budget,
			const char *address)
{
	int64_t excess =
		units_used(budget, address) - rate_burst(budget->per_minute);

	return excess < 0 ? 0
			  : 1 + (int)(excess * SECONDS / budget->per_minute);
}

void address_budget_spend(const struct address_budget *budget,
			  const char *address, int units)
{
	uint64_t key = address_budget_key(budget, address);

	if (budget->table && budget->per_minute && key)
		rate_spend(budget->table, key, clock_us(), budget->per_minute,
			   rate_burst(budget->per_minute), units);
}
