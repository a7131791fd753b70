/* instance: the name of this process in the database, where the sessions of all
 * delivering programs of all hosts stand side by side. */
#ifndef CONFAB_EVENT_INSTANCE_H
#define CONFAB_EVENT_INSTANCE_H

#include "base/buf.h"

/* Appends "<program>@<host>:<run_dir>/<where>#<pid>-<random>". The part before
 * "#" is the same in every run of this program with this run_dir on this
 * machine since its boot, and in no other. The rest is unique to this run. */
void instance_name(struct buf *out, const char *program, const char *run_dir);

#endif
