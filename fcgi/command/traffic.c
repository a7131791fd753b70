/* traffic: see traffic.h. Called by command, in each worker; prefork owns the
 * shared memory. No locks, as in rate. */
#include "traffic.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/xalloc.h"
#include "rate.h"
#include "shares.h"

enum {
	LOGINS = 16384, /* remembered log-ins; a power of two */
	BURST_LEAST = 5,
	BURST_PART = 4, /* a burst is this part of a minute's rate */
	RESULTS = ERROR_EVENT_TYPE + 1,
	MICROSECONDS = 1000000,
};

/* Upper bounds of the histogram, in us and in Prometheus' form. */
static const struct {
	int64_t most;
	const char *label;
} BUCKETS[] = {
	{ 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },
	{ 25000, "0.025" }, { 50000, "0.05" },  { 100000, "0.1" },
	{ 500000, "0.5" },  { 2500000, "2.5" }, { INT64_MAX, "+Inf" },
};

enum {
	N_BUCKETS = sizeof(BUCKETS) / sizeof(BUCKETS[0])
};

static const char *const NAMES[TRAFFIC_CLASSES] = {
	[TRAFFIC_SEND] = "send",   [TRAFFIC_RECEIPT] = "receipt",
	[TRAFFIC_ROOM] = "room",   [TRAFFIC_SEARCH] = "search",
	[TRAFFIC_OTHER] = "other",
};

/* The account of a log-in. The pair is valid when key is the same before and
 * after reading. */
struct login {
	_Atomic uint64_t key;
	_Atomic int64_t account;
};

struct shared {
	_Atomic int64_t rung_at; /* us */
	struct rate_table rates;
	struct shares shares;
	struct login logins[LOGINS];
};

struct traffic {
	const struct config *config;
	uint64_t seed;
	int per_minute[TRAFFIC_CLASSES];
	struct shared *shared;
	struct share *share; /* this worker's; NULL: none was left */
	struct metric *commands[TRAFFIC_CLASSES][RESULTS];
	struct metric *buckets[TRAFFIC_CLASSES][N_BUCKETS];
	struct metric *sum[TRAFFIC_CLASSES], *count[TRAFFIC_CLASSES];
	struct metric *by_account, *by_address, *by_share;
	struct metric *rung, *skipped, *connects;
};

static void add_metrics(struct traffic *t, struct metrics *m)
{
	for (int c = 0; c < TRAFFIC_CLASSES; c++) {
		for (int r = 0; r < RESULTS; r++) {
			char code[12] = "ok";

			if (r != ERROR_NONE)
				snprintf(
					code, sizeof(code), "%d",
					error_info((enum confab_error)r)->code);
			t->commands[c][r] = metrics_add(
				m, "commands_total",
				"class=\"%s\",result=\"%s\"", NAMES[c], code);
		}
		for (int b = 0; b < N_BUCKETS; b++)
			t->buckets[c][b] =
				metrics_add(m, "command_seconds_bucket",
					    "class=\"%s\",le=\"%s\"", NAMES[c],
					    BUCKETS[b].label);
		t->sum[c] = metrics_add(m, "command_seconds_sum",
					"class=\"%s\"", NAMES[c]);
		t->count[c] = metrics_add(m, "command_seconds_count",
					  "class=\"%s\"", NAMES[c]);
	}
	t->by_account = metrics_add(m, "rate_limited_total", "by=\"account\"");
	t->by_address = metrics_add(m, "rate_limited_total", "by=\"address\"");
	t->by_share = metrics_add(m, "rate_limited_total", "by=\"share\"");
	t->rung = metrics_add(m, "doorbell_rung_total", "%s", "");
	t->skipped = metrics_add(m, "doorbell_skipped_total", "%s", "");
	t->connects = metrics_add(m, "database_connects_total", "%s", "");
}

struct traffic *traffic_create(const struct config *config,
			       struct metrics *metrics)
{
	struct traffic *t = xcalloc(1, sizeof(*t));

	t->config = config;
	t->seed = (uint64_t)secret_random(UINT32_MAX) << 32 |
		  secret_random(UINT32_MAX);
	t->per_minute[TRAFFIC_SEND] = config->rate_send;
	t->per_minute[TRAFFIC_RECEIPT] = config->rate_receipt;
	t->per_minute[TRAFFIC_ROOM] = config->rate_room;
	t->per_minute[TRAFFIC_SEARCH] = config->rate_search;
	t->per_minute[TRAFFIC_OTHER] = config->rate_other;
	add_metrics(t, metrics);
	return t;
}

void traffic_free(struct traffic *t)
{
	free(t);
}

unsigned traffic_size(void)
{
	return sizeof(struct shared);
}

void traffic_attach(struct traffic *t, void *shared)
{
	t->shared = shared;
	t->share = shares_enter(&t->shared->shares);
}

bool traffic_begin(struct traffic *t, int64_t account)
{
	int workers = t->config->command_workers,
	    most = t->config->account_commands;
	bool begun;

	if (!most || !t->share || !account)
		return true;
	if (most > workers - 1)
		most = workers > 1 ? workers - 1 : 1;
	begun = shares_begin(&t->shared->shares, t->share, account, most);
	metric_count(t->by_share, !begun);
	return begun;
}

void traffic_end(struct traffic *t)
{
	if (t->share)
		shares_end(t->share);
}

enum traffic_class traffic_class_named(const char *name)
{
	for (int c = 0; c < TRAFFIC_CLASSES; c++)
		if (!strcmp(name, NAMES[c]))
			return (enum traffic_class)c;
	return TRAFFIC_OTHER;
}

static int64_t take_unit(struct traffic *t, uint64_t key, int per_minute)
{
	int burst = per_minute / BURST_PART;

	if (burst < BURST_LEAST)
		burst = BURST_LEAST;
	return rate_take(&t->shared->rates, key, clock_us(), per_minute, burst);
}

/* The network of one client: an IPv4 address, or the first half of an IPv6
 * address. Length 0: none. */
static size_t network_of(const char *address, unsigned char out[16])
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

int traffic_admit(struct traffic *t, enum traffic_class class, int64_t account,
		  const unsigned char token_hash[32], const char *address)
{
	int per_minute = t->per_minute[class];
	unsigned char network[16];
	size_t len = network_of(address, network);
	int64_t wait = 0;
	uint64_t key;

	if (!t->config->rate_limits)
		return 0;
	if (per_minute) {
		key = account ? rate_key(t->seed, class, &account,
					 sizeof(account))
			      : rate_key(t->seed, class, token_hash, 32);
		wait = take_unit(t, key, per_minute);
		metric_count(t->by_account, wait > 0);
	}
	if (!wait && len && t->config->rate_address) {
		key = rate_key(t->seed, TRAFFIC_CLASSES, network, len);
		wait = take_unit(t, key, t->config->rate_address);
		metric_count(t->by_address, wait > 0);
	}
	return (int)((wait + MICROSECONDS - 1) / MICROSECONDS);
}

static struct login *login_of(struct traffic *t, const unsigned char hash[32],
			      uint64_t *key)
{
	*key = rate_key(t->seed, 0, hash, 32);
	return &t->shared->logins[*key & (LOGINS - 1)];
}

int64_t traffic_account(struct traffic *t, const unsigned char token_hash[32])
{
	uint64_t key;
	struct login *login = login_of(t, token_hash, &key);
	int64_t account;

	if (atomic_load(&login->key) != key)
		return 0;
	account = atomic_load(&login->account);
	return atomic_load(&login->key) == key ? account : 0;
}

void traffic_learn(struct traffic *t, const unsigned char token_hash[32],
		   int64_t account)
{
	uint64_t key;
	struct login *login = login_of(t, token_hash, &key);

	atomic_store(&login->key, 0);
	atomic_store(&login->account, account);
	atomic_store(&login->key, key);
}

bool traffic_claim_ring(struct traffic *t)
{
	int64_t now = clock_us();
	int64_t last = atomic_load(&t->shared->rung_at);
	bool claimed =
		now - last >= t->config->doorbell_interval * INT64_C(1000) &&
		atomic_compare_exchange_strong(&t->shared->rung_at, &last, now);

	metric_count(claimed ? t->rung : t->skipped, 1);
	return claimed;
}

void traffic_done(struct traffic *t, enum traffic_class class,
		  enum confab_error result, int64_t took)
{
	metric_count(t->commands[class][result], 1);
	for (int b = 0; b < N_BUCKETS; b++)
		if (took <= BUCKETS[b].most)
			metric_count(t->buckets[class][b], 1);
	metric_count(t->sum[class], (uint64_t)took);
	metric_count(t->count[class], 1);
}

void traffic_connected(struct traffic *t)
{
	metric_count(t->connects, 1);
}
