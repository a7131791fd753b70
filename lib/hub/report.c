/* report: what the hub and its tail have counted, put into the program's
 * page once a second, and how far the tail is behind. */
#include <stdio.h>
#include <stdlib.h>

#include "base/container.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"

enum {
	INTERVAL = 1000 /* ms */
};

enum number {
	READY,
	REPLAYING,
	QUEUE_BYTES,
	OPENED,
	REFUSED,
	SLOW,
	LIMITED,
	DISPATCHES,
	DELIVERIES,
	REPLAYS,
	SIGNALS_DROPPED,
	CONNECTS,
	POSITION,
	LAG,
	LAG_SECONDS,
	ROWS,
	READS,
	RINGS,
	HOLES,
	FENCES,
	NUMBERS,
};

static const char *const NAMES[NUMBERS] = {
	[READY] = "ready",
	[REPLAYING] = "replaying",
	[QUEUE_BYTES] = "queue_bytes",
	[OPENED] = "streams_opened_total",
	[REFUSED] = "streams_refused_total",
	[SLOW] = "streams_slow_total",
	[LIMITED] = "streams_limited_total",
	[DISPATCHES] = "dispatches_total",
	[DELIVERIES] = "deliveries_total",
	[REPLAYS] = "replay_pages_total",
	[SIGNALS_DROPPED] = "signals_dropped_total",
	[CONNECTS] = "database_connects_total",
	[POSITION] = "tail_position",
	[LAG] = "tail_lag",
	[LAG_SECONDS] = "tail_lag_seconds",
	[ROWS] = "tail_rows_total",
	[READS] = "tail_reads_total",
	[RINGS] = "tail_rings_total",
	[HOLES] = "tail_holes_total",
	[FENCES] = "tail_fences_total",
};

static const char *const TRANSPORTS[] = { "websocket", "sse", "poll" };

enum {
	N_TRANSPORTS = sizeof(TRANSPORTS) / sizeof(TRANSPORTS[0])
};

struct hub_report {
	struct metric *numbers[NUMBERS];
	struct metric *streams[N_TRANSPORTS];
	uint64_t lag, lag_ms; /* as asked last */
};

static const struct pg_statement LAG_OF = {
	"lag", "select lag, milliseconds from confab.log_lag($1::bigint)"
};

struct hub_report *hub_report_create(struct metrics *metrics)
{
	struct hub_report *report = xcalloc(1, sizeof(*report));

	for (int i = 0; i < NUMBERS; i++)
		report->numbers[i] = metrics_add(metrics, NAMES[i], "%s", "");
	for (int i = 0; i < N_TRANSPORTS; i++)
		report->streams[i] = metrics_add(
			metrics, "streams", "transport=\"%s\"", TRANSPORTS[i]);
	return report;
}

static uint64_t count_list(const struct stream_list *list,
			   uint64_t streams[N_TRANSPORTS], uint64_t *bytes)
{
	const struct stream *s;
	uint64_t n = 0;

	TAILQ_FOREACH (s, list, of_hub) {
		*bytes += s->bytes;
		streams[s->transport]++;
		n++;
	}
	return n;
}

static void set(struct hub *hub, enum number number, uint64_t value)
{
	metric_set(hub->report->numbers[number], value);
}

void hub_report(struct hub *hub)
{
	const struct tail_counts *tail = tail_counts(hub->tail);
	const struct hub_counts *counts = &hub->counts;
	uint64_t streams[N_TRANSPORTS] = { 0 }, bytes = 0, replaying;
	const char *why;

	count_list(&hub->live, streams, &bytes);
	replaying = count_list(&hub->replaying, streams, &bytes) +
		    count_list(&hub->blocked, streams, &bytes);
	for (int i = 0; i < N_TRANSPORTS; i++)
		metric_set(hub->report->streams[i], streams[i]);
	set(hub, READY, hub_ready(hub, &why));
	set(hub, REPLAYING, replaying);
	set(hub, QUEUE_BYTES, bytes);
	set(hub, OPENED, counts->opened);
	set(hub, REFUSED, counts->refused);
	set(hub, SLOW, counts->ended_slow);
	set(hub, LIMITED, counts->limited);
	set(hub, DISPATCHES, counts->dispatches);
	set(hub, DELIVERIES, counts->deliveries);
	set(hub, REPLAYS, counts->replays);
	set(hub, SIGNALS_DROPPED, counts->signals_dropped);
	set(hub, CONNECTS, counts->connects);
	set(hub, POSITION, (uint64_t)hub->cursor);
	set(hub, LAG, hub->report->lag);
	set(hub, LAG_SECONDS, hub->report->lag_ms);
	set(hub, ROWS, tail->rows);
	set(hub, READS, tail->reads);
	set(hub, RINGS, tail->rings);
	set(hub, HOLES, tail->holes);
	set(hub, FENCES, tail->fences);
}

/* A row that was read meanwhile is behind us no more. */
static void on_lag(void *context, enum pg_status status,
		   const struct pg_result *result)
{
	struct hub *hub = context;

	if (status != PG_OK)
		return;
	hub->report->lag = strtoull(pg_field(result, 0, 0), NULL, 10);
	hub->report->lag_ms = strtoull(pg_field(result, 0, 1), NULL, 10);
}

void hub_report_fired(struct timer *timer)
{
	struct hub *hub = container_of(timer, struct hub, report_timer);
	char after[24];
	struct pg_param param = { .data = after };

	snprintf(after, sizeof(after), "%lld", (long long)hub->cursor);
	if (hub->started && pg_async_is_up(hub->pg))
		pg_async_send(hub->pg, &LAG_OF, 1, &param, on_lag, hub);
	hub_report(hub);
	loop_arm(hub->loop, timer, INTERVAL);
}
