/* traffic: shared by the workers of confab-command: the rates of commands by
 * account and address, the accounts that workers are busy for, the time of the
 * last doorbell, and metrics. */
#ifndef CONFAB_FCGI_COMMAND_TRAFFIC_H
#define CONFAB_FCGI_COMMAND_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "base/metrics.h"

struct traffic;

/* The class of a command, from its row in confab.command. */
enum traffic_class {
	TRAFFIC_SEND,
	TRAFFIC_RECEIPT,
	TRAFFIC_ROOM,
	TRAFFIC_SEARCH,
	TRAFFIC_OTHER,
	TRAFFIC_CLASSES,
};

/* Call before forking workers. */
struct traffic *traffic_create(const struct config *config,
			       struct metrics *metrics) __attribute__((malloc));
void traffic_free(struct traffic *traffic);

/* The size of the workers' shared memory, and its address, zeroed. Call before
 * any function below. */
unsigned traffic_size(void);
void traffic_attach(struct traffic *traffic, void *shared);

/* The class of that name; TRAFFIC_OTHER for any other name. */
enum traffic_class traffic_class_named(const char *name);

/* What can be decided before a command's body is read. Each returns 0, or the
 * seconds until a command may come.
 * address: the client's, or NULL.
 * traffic_begin() begins work for the account, unless as many workers are busy
 * for it as may be (account_commands, and never all of them; one, when it has
 * made much work lately), or it has made all the work that it may
 * (account_work). size: the bytes of the body; negative: unknown, so it counts
 * as the largest. */
int traffic_admit_address(struct traffic *traffic, const char *address);
int traffic_begin(struct traffic *traffic, int64_t account, int64_t size);

/* Whether the account may run another command of the class now: 0, or the
 * seconds until it may. */
int traffic_admit_class(struct traffic *traffic, enum traffic_class class,
			int64_t account);

/* Ends the work for an account, if it has begun. took: us that the database was
 * busy with it; they count against account_work. */
void traffic_end(struct traffic *traffic, int64_t account, int64_t took);

/* The account of a log-in, as traffic_learn() stored it; 0: unknown. */
int64_t traffic_account(struct traffic *traffic,
			const unsigned char token_hash[32]);
void traffic_learn(struct traffic *traffic, const unsigned char token_hash[32],
		   int64_t account);

/* Whether this command rings the doorbell: one in each doorbell_interval does,
 * per host. The listeners read on for a while after a ring, so the other
 * commands need none. */
bool traffic_claim_ring(struct traffic *traffic);

/* Counts a command of a worker, which took so many us. */
void traffic_done(struct traffic *traffic, enum traffic_class class,
		  enum confab_error result, int64_t took);
/* Counts a worker's connection to the database. */
void traffic_connected(struct traffic *traffic);

#endif
