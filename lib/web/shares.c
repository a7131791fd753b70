/* shares: see shares.h. Called by confab-command and confab-media. */
#include "web/shares.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static bool is_gone(int32_t worker)
{
	return kill(worker, 0) < 0 && errno == ESRCH;
}

struct share *shares_enter(struct shares *shares)
{
	int32_t self = (int32_t)getpid();

	for (int i = 0; i < SHARES_WORKERS; i++) {
		struct share *share = &shares->of[i];
		int32_t worker = atomic_load(&share->worker);

		if ((worker == 0 || is_gone(worker)) &&
		    atomic_compare_exchange_strong(&share->worker, &worker,
						   self)) {
			atomic_store(&share->account, 0);
			return share;
		}
	}
	return NULL;
}

int shares_most(int most, int workers)
{
	if (most < workers)
		return most;
	return workers > 1 ? workers - 1 : 1;
}

bool shares_begin(struct shares *shares, struct share *own, int64_t account,
		  int most)
{
	int n = 0;

	atomic_store(&own->account, account);
	/* Places are taken from the front. */
	for (int i = 0;
	     i < SHARES_WORKERS && atomic_load(&shares->of[i].worker); i++)
		n += atomic_load(&shares->of[i].account) == account;
	if (n <= most)
		return true;
	shares_end(own);
	return false;
}

void shares_end(struct share *own)
{
	atomic_store(&own->account, 0);
}
