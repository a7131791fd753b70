/* overflow: sends away whom the workers would keep waiting too long. A process
 * beside them that looks at the length of their socket's queue; what is in it
 * beyond a limit is answered with 4053 at once, where a web server that finds
 * the queue full would answer with an error of its own. */
#ifndef CONFAB_WEB_OVERFLOW_H
#define CONFAB_WEB_OVERFLOW_H

#include <stdbool.h>

#include "base/metrics.h"

/* The head line that tells confab-bridge that nothing was done. */
#define USHER_REFUSAL "X-Confab-Refused: 1\r\n"

/* Its whole life; returns when the kernel does not tell the length. False: it
 * never did (module unix_diag). refused counts the answers. */
bool usher_run(int listener, unsigned limit, struct metric *refused);

/* The connections that wait at a listening unix socket, or -1. diag: from
 * usher_diag(). */
int usher_queue(int diag, int listener);
int usher_diag(void);

#endif
