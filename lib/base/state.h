/* state: small files below run_dir that the processes of a host share, in a
 * folder of their own: under systemd run_dir belongs to root. */
#ifndef CONFAB_BASE_STATE_H
#define CONFAB_BASE_STATE_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the path of the file of this name. Makes the folder if need be, in
 * /tmp where run_dir can't be written to. */
void state_path(struct buf *out, const char *run_dir, const char *name);

/* Opens, or makes, the file of this name. Returns its descriptor, or -1, which
 * is logged. */
int state_open(const char *run_dir, const char *name)
	__attribute__((warn_unused_result));

/* Whether the task of this name has not been done for so many seconds on this
 * host; if so, the caller is to do it now. For processes that do not live long
 * enough to wait for their turn. Also true when nothing can be kept in
 * run_dir. */
bool state_take_turn(const char *run_dir, const char *name, int seconds);

#endif
