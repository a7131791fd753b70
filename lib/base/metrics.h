/* metrics: a program's counters, in a page of memory that its processes share.
 * The host's confab-events reads all pages, so one scrape shows all programs,
 * even one whose workers are all busy. The page is the file
 * <run_dir>/metrics/<program>.<pid>; it goes with the program. */
#ifndef CONFAB_BASE_METRICS_H
#define CONFAB_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

struct metrics;

struct metric {
	char name[56];   /* a family in metrics.c, "commands_total" */
	char labels[72]; /* "class=\"send\"", or "" */
	_Atomic uint64_t value;
};

/* Opens this program's page. Without a writable folder the page is private
 * memory that no other program sees. */
struct metrics *metrics_open(const char *run_dir, const char *program)
	__attribute__((malloc));
/* Removes the page; its metrics become invalid. */
void metrics_close(struct metrics *metrics);

/* Makes a metric that starts at 0, or returns the one with the same name and
 * labels. Call before forking. Never NULL: when the page is full, the rest
 * share one metric that is not shown. */
struct metric *metrics_add(struct metrics *metrics, const char *name,
			   const char *labels_format, ...)
	__attribute__((format(printf, 3, 4)));

void metric_count(struct metric *metric, uint64_t by);
void metric_set(struct metric *metric, uint64_t value);

/* Appends the pages of all living programs as Prometheus text (format 0.0.4).
 * The values of several runs of one program are added up. */
void metrics_print(struct buf *out, const char *run_dir);

#endif
