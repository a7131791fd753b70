/* report: writes the counts of the hub and of its tail, and the tail's lag,
 * into the program's metrics once a second. Called by the hub. */
#include "hub/report.h"

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
	FENCE_SECONDS,
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
	[FENCE_SECONDS] = "tail_fence_seconds",
};

struct report {
	struct hub *hub;
	struct timer timer;
	struct metric *numbers[NUMBERS];
	struct metric *streams[TRANSPORTS];
	uint64_t lag, lag_ms; /* the last answer */
};

static const struct pg_statement LAG_OF = {
	"lag", "select lag, milliseconds from confab.log_lag($1::bigint)"
};
enum lag_column {
	LAG_ROWS,
	LAG_MS,
};

static uint64_t count_list(const struct stream_list *list,
			   uint64_t streams[TRANSPORTS], uint64_t *bytes)
{
	const struct stream *s;
	uint64_t n = 0;

	TAILQ_FOREACH (s, list, of_state) {
		*bytes += s->bytes;
		streams[s->transport - transport_of(0)]++;
		n++;
	}
	return n;
}

static void set_number(struct report *report, enum number number,
		       uint64_t value)
{
	metric_set(report->numbers[number], value);
}

static void show_streams(struct report *report)
{
	const struct stream_list *of = report->hub->lists.of;
	uint64_t streams[TRANSPORTS] = { 0 }, bytes = 0, replaying;

	count_list(&of[STREAM_LIVE], streams, &bytes);
	replaying = count_list(&of[STREAM_REPLAYING], streams, &bytes) +
		    count_list(&of[STREAM_BLOCKED], streams, &bytes);
	for (int i = 0; i < TRANSPORTS; i++)
		metric_set(report->streams[i], streams[i]);
	set_number(report, REPLAYING, replaying);
	set_number(report, QUEUE_BYTES, bytes);
}

void report_show(struct report *report)
{
	const struct hub *hub = report->hub;
	const struct tail_counts *tail = tail_counts(hub->tail);
	const struct hub_counts *counts = &hub->counts;
	const char *why;

	show_streams(report);
	set_number(report, READY, hub_ready(hub, &why));
	set_number(report, OPENED, counts->opened);
	set_number(report, REFUSED, counts->refused);
	set_number(report, SLOW, counts->ended_slow);
	set_number(report, LIMITED, counts->limited);
	set_number(report, DISPATCHES, counts->dispatches);
	set_number(report, DELIVERIES, counts->deliveries);
	set_number(report, REPLAYS, counts->replays);
	set_number(report, SIGNALS_DROPPED, counts->signals_dropped);
	set_number(report, CONNECTS, counts->connects);
	set_number(report, POSITION, (uint64_t)hub->cursor);
	set_number(report, LAG, report->lag);
	set_number(report, LAG_SECONDS, report->lag_ms);
	set_number(report, ROWS, tail->rows);
	set_number(report, READS, tail->reads);
	set_number(report, RINGS, tail->rings);
	set_number(report, HOLES, tail->holes);
	set_number(report, FENCES, tail->fences);
	set_number(report, FENCE_SECONDS, (uint64_t)tail_fence_age(hub->tail));
}

/* The rows that were read in the meantime are no lag any more. */
static void on_lag(void *context, enum pg_status status,
		   const struct pg_result *result)
{
	struct report *report = context;

	if (status != PG_OK)
		return;
	report->lag = strtoull(pg_field(result, 0, LAG_ROWS), NULL, 10);
	report->lag_ms = strtoull(pg_field(result, 0, LAG_MS), NULL, 10);
}

static void on_timer(struct timer *timer)
{
	struct report *report = container_of(timer, struct report, timer);
	struct hub *hub = report->hub;
	char after[24];
	struct pg_param param = { .data = after };

	snprintf(after, sizeof(after), "%lld", (long long)hub->cursor);
	if (hub->started && pg_async_is_up(hub->pg))
		pg_async_send(hub->pg, &LAG_OF, 1, &param, on_lag, report);
	report_show(report);
	hub_save_witness(hub);
	loop_arm(hub->loop, timer, INTERVAL);
}

struct report *report_create(struct hub *hub, struct metrics *metrics)
{
	struct report *report = xcalloc(1, sizeof(*report));

	report->hub = hub;
	report->timer.fire = on_timer;
	for (int i = 0; i < NUMBERS; i++)
		report->numbers[i] = metrics_add(metrics, NAMES[i], "%s", "");
	for (int i = 0; i < TRANSPORTS; i++)
		report->streams[i] =
			metrics_add(metrics, "streams", "transport=\"%s\"",
				    transport_of((enum transport_kind)i)->name);
	loop_arm(hub->loop, &report->timer, 0);
	return report;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	loop_disarm(report->hub->loop, &report->timer);
	free(report);
}
