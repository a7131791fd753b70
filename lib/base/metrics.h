/* metrics: what a program has counted, in a page of memory that its processes
 * share and that the host's confab-events reads, so that one scrape shows all
 * programs, also one whose workers are all busy. The page is the file
 * <run_dir>/metrics/<program>.<pid>; it goes with the program. */
#ifndef CONFAB_BASE_METRICS_H
#define CONFAB_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

struct metrics;

struct metric {
	char name[56];   /* of a family in metrics.c, "commands_total" */
	char labels[72]; /* "class=\"send\"", or "" */
	_Atomic uint64_t value;
};

/* A page of this program. Where the folder can't be written, the page is
 * memory of its own that nobody else sees. */
struct metrics *metrics_open(const char *run_dir, const char *program)
	__attribute__((malloc));
/* Takes the page away; its metrics are gone. */
void metrics_close(struct metrics *metrics);

/* A value that starts at 0; of the same name and labels it is the same. To be
 * made before processes part. Never NULL: what is beyond the page's room counts
 * into one that is not shown. */
struct metric *metrics_add(struct metrics *metrics, const char *name,
			   const char *labels_format, ...)
	__attribute__((format(printf, 3, 4)));

void metric_count(struct metric *metric, uint64_t by);
void metric_set(struct metric *metric, uint64_t value);

/* Appends the pages of all programs that are alive as Prometheus text (format
 * 0.0.4), what several runs of a program counted summed up. */
void metrics_print(struct buf *out, const char *run_dir);

#endif
