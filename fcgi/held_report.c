/* held_report: is the program up, can it serve, and what has it done. */
#include <string.h>

#include "held.h"
#include "tail.h"

static void metric(struct buf *out, const char *name, const char *type,
		   const char *help, unsigned long long value)
{
	buf_addf(out,
		 "# HELP confab_%s %s\n# TYPE confab_%s %s\n"
		 "confab_%s %llu\n",
		 name, help, name, type, name, value);
}

static void metrics(struct held *held)
{
	const struct hub_counts *hub = hub_counts(held->shared->hub);
	const struct tail_counts *tail =
		tail_counts(hub_tail(held->shared->hub));
	struct buf out = { 0 };

	metric(&out, "streams", "gauge", "Open streams", hub->streams);
	metric(&out, "streams_opened_total", "counter", "Streams opened",
	       hub->opened);
	metric(&out, "streams_refused_total", "counter",
	       "Streams that could not be opened", hub->refused);
	metric(&out, "streams_slow_total", "counter",
	       "Streams ended because their reader was too slow",
	       hub->ended_slow);
	metric(&out, "dispatches_total", "counter",
	       "Dispatches read from the log", hub->dispatches);
	metric(&out, "deliveries_total", "counter",
	       "Dispatches queued for a stream", hub->deliveries);
	metric(&out, "replay_pages_total", "counter",
	       "Pages read for streams that were behind", hub->replays);
	metric(&out, "tail_rows_total", "counter", "Rows of the log",
	       tail->rows);
	metric(&out, "tail_reads_total", "counter", "Reads of the log",
	       tail->reads);
	metric(&out, "tail_rings_total", "counter", "Rings of the doorbell",
	       tail->rings);
	metric(&out, "tail_holes_total", "counter",
	       "Reads that met a hole in the numbering", tail->holes);
	held_respond(held, 200, "text/plain; version=0.0.4", &out);
	buf_free(&out);
}

bool held_report(struct held *held, const char *name)
{
	const char *why = "ok";
	struct buf body = { 0 };
	int status = 200;

	if (!strcmp(name, "metrics")) {
		metrics(held);
		return true;
	}
	if (strcmp(name, "healthz") && strcmp(name, "readyz"))
		return false;
	if (*name == 'r' && !hub_ready(held->shared->hub, &why))
		status = 503;
	buf_addf(&body, "%s\n", status == 200 ? "ok" : why);
	held_respond(held, status, "text/plain", &body);
	buf_free(&body);
	return true;
}
