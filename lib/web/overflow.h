/* overflow: a process beside the workers that watches the queue of their
 * socket. It answers connections beyond the limit with 4053 at once. A web
 * server that finds the queue full would answer with an error of its own. */
#ifndef CONFAB_WEB_OVERFLOW_H
#define CONFAB_WEB_OVERFLOW_H

#include <stdbool.h>

#include "base/metrics.h"

/* The header that tells confab-bridge that the command was not executed. */
#define OVERFLOW_REFUSAL "X-Confab-Refused: 1\r\n"

/* Answers the connections beyond limit. Returns true when the kernel stops
 * giving the length of the queue, false when it never gave it (module
 * unix_diag). refused counts the answers. */
bool overflow_run(int listener, unsigned limit, struct metric *refused);

/* The number of connections that wait at a listening unix socket, or -1. diag:
 * from overflow_diag(). */
int overflow_queue(int diag, int listener);
int overflow_diag(void);

#endif
