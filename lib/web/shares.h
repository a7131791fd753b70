/* shares: the account that each worker is busy for, to keep one account from
 * occupying them all. In memory that the workers share, without a lock. */
#ifndef CONFAB_WEB_SHARES_H
#define CONFAB_WEB_SHARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	SHARES_WORKERS = 1024 /* workers beyond this have no share */
};

/* Zeroed memory is an empty table. */
struct shares {
	struct share {
		_Atomic int32_t worker;  /* process id; 0: free */
		_Atomic int64_t account; /* 0: idle */
	} of[SHARES_WORKERS];
};

/* Takes a place in the table for this process, possibly that of a dead one.
 * NULL when there is none. */
struct share *shares_enter(struct shares *shares);

/* How many of a program's workers one account may have busy: most, but never
 * all of them. */
int shares_most(int most, int workers);

/* Begins work for an account. False, with nothing begun, when most other
 * workers are busy for it already. Two workers that begin at the same moment
 * may both be refused. */
bool shares_begin(struct shares *shares, struct share *own, int64_t account,
		  int most);
void shares_end(struct share *own);

#endif
