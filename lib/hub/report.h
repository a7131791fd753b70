/* report: the counts of the hub and of its tail as the program's metrics. */
#ifndef CONFAB_HUB_REPORT_H
#define CONFAB_HUB_REPORT_H

#include "base/metrics.h"

struct hub;
struct report;

/* hub may be incomplete. Writes the counts once a second from now on. */
struct report *report_create(struct hub *hub, struct metrics *metrics)
	__attribute__((malloc));
void report_free(struct report *report);

/* Writes them now. */
void report_show(struct report *report);

#endif
