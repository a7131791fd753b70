/* instance: what this process is called in the database, where the sessions of
 * all delivering programs of all hosts stand side by side. */
#ifndef CONFAB_EVENT_INSTANCE_H
#define CONFAB_EVENT_INSTANCE_H

#include "base/buf.h"

/* Appends "<program>@<host>:<run_dir>/<where>#<pid>-<random>". What is before
 * the "#" is the same in every run of this program on this machine since it was
 * booted, with this run_dir, and in no other; the rest is of this run alone. */
void instance_name(struct buf *out, const char *program, const char *run_dir);

#endif
