/* traffic: what confab-command's workers share: what was let through of each
 * class of commands and for whom, when the doorbell was rung last, and what all
 * of that came to. */
#ifndef CONFAB_FCGI_COMMAND_TRAFFIC_H
#define CONFAB_FCGI_COMMAND_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "base/metrics.h"

struct traffic;

/* confab.command says of which class a command is. */
enum traffic_class {
	TRAFFIC_SEND,
	TRAFFIC_RECEIPT,
	TRAFFIC_ROOM,
	TRAFFIC_SEARCH,
	TRAFFIC_OTHER,
	TRAFFIC_CLASSES,
};

/* Before the workers part. */
struct traffic *traffic_create(const struct config *config,
			       struct metrics *metrics) __attribute__((malloc));
void traffic_free(struct traffic *traffic);

/* The memory that the workers share, zeroed: so many bytes of it, and where it
 * is. Before anything below. */
unsigned traffic_size(void);
void traffic_attach(struct traffic *traffic, void *shared);

/* The class of that name; TRAFFIC_OTHER for a name that is not known. */
enum traffic_class traffic_class_named(const char *name);

/* Whether another command of the class may be carried out now: 0, or the
 * seconds until one may. account: 0: not known, its log-in's hash counts;
 * address: the client's, or NULL. */
int traffic_admit(struct traffic *traffic, enum traffic_class class,
		  int64_t account, const unsigned char token_hash[32],
		  const char *address);

/* Begins to work for an account (0: not known). False when other workers are
 * busy for it already, as many as may be (account_commands, and never all of
 * them). */
bool traffic_begin(struct traffic *traffic, int64_t account);
/* The work is done. */
void traffic_end(struct traffic *traffic);

/* Whose log-in this is, as said before by traffic_learn(); 0: not known. */
int64_t traffic_account(struct traffic *traffic,
			const unsigned char token_hash[32]);
void traffic_learn(struct traffic *traffic, const unsigned char token_hash[32],
		   int64_t account);

/* Whether this command is to ring the doorbell: one of a host's in each
 * doorbell_interval. Whoever was rung reads on for a while, so that the others
 * need not. */
bool traffic_claim_ring(struct traffic *traffic);

/* A worker has done a command, in so many us. */
void traffic_done(struct traffic *traffic, enum traffic_class class,
		  enum confab_error result, int64_t took);
/* A worker has connected to the database. */
void traffic_connected(struct traffic *traffic);

#endif
