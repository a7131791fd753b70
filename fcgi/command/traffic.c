/* traffic: see traffic.h. Called by command, in each worker; prefork owns the
 * shared memory. No locks, as in rate. */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address_budget.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/rate.h"
#include "base/xalloc.h"
#include "web/shares.h"

enum {
	LOGINS = 16384, /* remembered log-ins; a power of two */
	RESULTS = ERROR_EVENT_TYPE + 1,
	MICROSECONDS = 1000000,
	ALL = 2,           /* times the classes' rates: all of an account */
	UNIT_BYTES = 8192, /* of a body that count as one command more */
	MUCH_PART = 10, /* of the burst of work: from then on one at a time */
};

/* Buckets that are not those of a class. */
enum {
	BUCKET_ADDRESS = TRAFFIC_CLASSES,
	BUCKET_ACCOUNT,
	BUCKET_WORK, /* its units are ms of the database's time */
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
	int per_minute[TRAFFIC_CLASSES]; /* 0: any number */
	int all_per_minute;              /* of all classes together */
	struct shared *shared;
	struct share *share; /* this worker's; NULL: none was left */
	struct metric *commands[TRAFFIC_CLASSES][RESULTS];
	struct metric *buckets[TRAFFIC_CLASSES][N_BUCKETS];
	struct metric *sum[TRAFFIC_CLASSES], *count[TRAFFIC_CLASSES];
	struct metric *by_account, *by_address, *by_share, *by_work;
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
	t->by_work = metrics_add(m, "rate_limited_total", "by=\"work\"");
	t->rung = metrics_add(m, "doorbell_rung_total", "%s", "");
	t->skipped = metrics_add(m, "doorbell_skipped_total", "%s", "");
	t->connects = metrics_add(m, "database_connects_total", "%s", "");
}

/* The rate of all commands of an account, including those that the rate of
 * their class refuses. 0: any number, because one class has no limit. */
static int rate_of_all(const struct traffic *t)
{
	int sum = 0;

	for (int c = 0; c < TRAFFIC_CLASSES; c++) {
		if (!t->per_minute[c])
			return 0;
		sum += t->per_minute[c];
	}
	return ALL * sum;
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
	t->all_per_minute = rate_of_all(t);
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

enum traffic_class traffic_class_named(const char *name)
{
	for (int c = 0; c < TRAFFIC_CLASSES; c++)
		if (!strcmp(name, NAMES[c]))
			return (enum traffic_class)c;
	return TRAFFIC_OTHER;
}

/* Takes units of the bucket. Returns 0, or the us until there are enough. */
static int64_t take_units(struct traffic *t, int per_minute, uint64_t key,
			  int units)
{
	if (!per_minute)
		return 0;
	return rate_take(&t->shared->rates, key, clock_us(), per_minute,
			 rate_burst(per_minute), units);
}

static uint64_t key_of(const struct traffic *t, unsigned kind,
		       const void *bytes, size_t len)
{
	return rate_key(t->seed, kind, bytes, len);
}

/* Whole seconds, rounded up. */
static int seconds_of(int64_t wait)
{
	return (int)((wait + MICROSECONDS - 1) / MICROSECONDS);
}

int traffic_admit_address(struct traffic *t, const char *address)
{
	unsigned char network[16];
	size_t len = address_network(address, network);
	int64_t wait;

	if (!len || !t->config->rate_limits)
		return 0;
	wait = take_units(t, t->config->rate_address,
			  key_of(t, BUCKET_ADDRESS, network, len), 1);
	metric_count(t->by_address, wait > 0);
	return seconds_of(wait);
}

static uint64_t work_of(const struct traffic *t, int64_t account)
{
	return key_of(t, BUCKET_WORK, &account, sizeof(account));
}

/* Takes a place among the workers that are busy for the account. used: ms of
 * work that count against it. */
static bool take_share(struct traffic *t, int64_t account, int64_t used)
{
	int most = t->config->account_commands;
	bool taken;

	if (!most || !t->share)
		return true;
	if (used > rate_burst(t->config->account_work) / MUCH_PART)
		most = 1;
	taken = shares_begin(&t->shared->shares, t->share, account,
			     shares_most(most, t->config->command_workers));
	metric_count(t->by_share, !taken);
	return taken;
}

int traffic_begin(struct traffic *t, int64_t account, int64_t size)
{
	int work = t->config->account_work;
	int64_t wait, used, excess;

	if (!t->config->rate_limits)
		return 0;
	used = work ? rate_used(&t->shared->rates, work_of(t, account),
				clock_us(), work)
		    : 0;
	excess = work ? used - rate_burst(work) : -1;
	if (excess >= 0) {
		metric_count(t->by_work, 1);
		return 1 + (int)(excess * 60 / work);
	}
	if (!take_share(t, account, used))
		return 1;
	if (size < 0)
		size = t->config->max_body;
	wait = take_units(t, t->all_per_minute,
			  key_of(t, BUCKET_ACCOUNT, &account, sizeof(account)),
			  1 + (int)(size / UNIT_BYTES));
	metric_count(t->by_account, wait > 0);
	if (wait)
		traffic_end(t, account, 0);
	return seconds_of(wait);
}

void traffic_end(struct traffic *t, int64_t account, int64_t took)
{
	int work = t->config->account_work;

	if (t->share)
		shares_end(t->share);
	if (t->config->rate_limits && work && account && took >= 1000)
		rate_spend(&t->shared->rates, work_of(t, account), clock_us(),
			   work, rate_burst(work), (int)(took / 1000));
}

int traffic_admit_class(struct traffic *t, enum traffic_class class,
			int64_t account)
{
	int64_t wait;

	if (!t->config->rate_limits)
		return 0;
	wait = take_units(t, t->per_minute[class],
			  key_of(t, class, &account, sizeof(account)), 1);
	metric_count(t->by_account, wait > 0);
	return seconds_of(wait);
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
