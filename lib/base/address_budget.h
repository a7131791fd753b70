/* address_budget: bounds the work that requests without a valid log-in cause,
 * by the client's address. Each costs units of a bucket in a table that
 * processes may share. */
#ifndef CONFAB_BASE_ADDRESS_BUDGET_H
#define CONFAB_BASE_ADDRESS_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/rate.h"

struct address_budget {
	struct rate_table *table; /* NULL: nothing is limited */
	uint64_t seed;
	int per_minute; /* 0: any number */
};

/* Prepares a budget of rate_address. Processes that share a table also share
 * this: call it before they part, then set the table. */
void address_budget_init(struct address_budget *budget,
			 const struct config *config);

/* The network of one client: an IPv4 address, or the first half of an IPv6
 * address. Returns its bytes; 0: none. address may be NULL. */
size_t address_network(const char *address, unsigned char out[16]);

/* The key of an address among others; 0: it has none. */
uint64_t address_budget_key(const struct address_budget *budget,
			    const char *address);

/* 0, or the seconds until the address may ask again. */
int address_budget_wait(const struct address_budget *budget,
			const char *address);

/* Takes units, even if there are too few. The debt is a bucket at most. */
void address_budget_spend(const struct address_budget *budget,
			  const char *address, int units);

#endif
