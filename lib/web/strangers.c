/* strangers: see strangers.h. Called by worker; owns nothing. */
#include "web/strangers.h"

#include <stdio.h>

enum {
	UNIT_BYTES = 8192, /* of a body that count as one request more */
	UNITS_MOST = 1000,
	WORK_PART = 20 /* of the requests may be work */
};

void strangers_init(struct strangers *s, const struct config *config,
		    bool counts_all, int workers)
{
	*s = (struct strangers){ .counts_all = counts_all, .workers = workers };
	address_budget_init(&s->requests, config);
	address_budget_init(&s->work, config);
	if (s->work.per_minute)
		s->work.per_minute = 1 + s->work.per_minute / WORK_PART;
}

void strangers_attach(struct strangers *s, struct strangers_shared *shared)
{
	s->shared = shared;
	if (!shared)
		return;
	s->requests.table = s->work.table = &shared->rates;
	s->share = shares_enter(&shared->shares);
}

int strangers_begin(struct strangers *s, struct http *http)
{
	const char *address = http_param(http, "REMOTE_ADDR");
	int wait;

	snprintf(s->address, sizeof(s->address), "%s", address ? address : "");
	wait = address_budget_wait(&s->requests, s->address);
	if (wait && s->refused)
		metric_count(s->refused, 1);
	return wait;
}

bool strangers_begin_work(struct strangers *s)
{
	int64_t key = (int64_t)address_budget_key(&s->work, s->address);
	int most = s->workers;

	if (!s->share || !key || !s->work.per_minute)
		return true;
	if (address_budget_wait(&s->work, s->address))
		most = shares_most(most, s->workers);
	if (!shares_begin(&s->shared->shares, s->share, key, most)) {
		metric_count(s->refused, 1);
		return false;
	}
	address_budget_spend(&s->work, s->address, 1);
	return true;
}

/* Whether the response is one to a client that has shown no valid log-in, or no
 * request that is one. */
static bool is_refusal(int status)
{
	return status == 400 || status == 401 || status == 405 ||
	       status == 413 || status == 415;
}

void strangers_end(struct strangers *s, const struct http *http)
{
	int64_t units = 1 + (int64_t)(http_last_body(http) / UNIT_BYTES);

	if (s->share)
		shares_end(s->share);
	if (!s->counts_all && !is_refusal(http_last_status(http)))
		return;
	address_budget_spend(&s->requests, s->address,
			     units < UNITS_MOST ? (int)units : UNITS_MOST);
}
