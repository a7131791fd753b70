/* overflow: a process beside the workers that watches the queue of their
 * socket. It answers what is beyond the limit with 4053 at once; a web server
 * that finds the queue full would answer with an error of its own. */
#ifndef CONFAB_WEB_OVERFLOW_H
#define CONFAB_WEB_OVERFLOW_H

#include <stdbool.h>

#include "base/metrics.h"

/* The header field that tells confab-bridge that nothing was done. */
#define OVERFLOW_REFUSAL "X-Confab-Refused: 1\r\n"

/* Answers what is beyond limit until the kernel does not tell the length of the
 * queue any more. False: it never told (module unix_diag). refused counts the
 * answers. */
bool overflow_run(int listener, unsigned limit, struct metric *refused);

/* The connections that wait at a listening unix socket, or -1. diag: from
 * overflow_diag(). */
int overflow_queue(int diag, int listener);
int overflow_diag(void);

#endif
