/* due: a task that one of many processes does from time to time, when none of
 * them lives long enough to wait for its turn. */
#ifndef CONFAB_BASE_DUE_H
#define CONFAB_BASE_DUE_H

#include <stdbool.h>

/* Opens the file of this name in the state folder of run_dir, which is made if
 * need be. Returns its descriptor, or -1, which is logged. */
int due_open(const char *run_dir, const char *name)
	__attribute__((warn_unused_result));

/* Whether the task of this name has not been done for so many seconds on this
 * host; if so, the caller is to do it now. Also true when nothing can be kept
 * in run_dir. */
bool due_take(const char *run_dir, const char *name, int seconds);

#endif
