/* strangers: bounds what requests without a valid log-in cost a program, by the
 * client's address: in memory that its workers share. */
#ifndef CONFAB_WEB_STRANGERS_H
#define CONFAB_WEB_STRANGERS_H

#include "base/address_budget.h"
#include "base/metrics.h"
#include "web/request.h"
#include "web/shares.h"

/* Zeroed memory is an empty one. Its size is a multiple of its alignment. */
struct strangers_shared {
	struct rate_table rates;
	struct shares shares;
};

struct strangers {
	struct address_budget requests, work;
	bool counts_all; /* otherwise refused requests alone */
	int workers;
	struct strangers_shared *shared;
	struct share *share;    /* this worker's; NULL: none was left */
	struct metric *refused; /* NULL: not counted */
	/* Of the request that is being served. */
	char address[64];
};

/* Call in the parent. */
void strangers_init(struct strangers *s, const struct config *config,
		    bool counts_all, int workers);

/* Call in each worker; shared is NULL under CGI, where nothing is limited. */
void strangers_attach(struct strangers *s, struct strangers_shared *shared);

/* Begins a request. Returns 0, or the seconds until the address may ask
 * again. */
int strangers_begin(struct strangers *s, struct http *http);

/* Called before what costs a worker 0.1 s of processor time. False when the
 * address, which has asked for much of that lately, keeps all other workers
 * busy with it but one. The work ends with the request. */
bool strangers_begin_work(struct strangers *s);

/* Ends it after its response. */
void strangers_end(struct strangers *s, const struct http *http);

#endif
