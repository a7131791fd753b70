/* fence: see fence.h. Called by the tail; owns its strings. */
#include "log/fence.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void fence_drop(struct fence *fence)
{
	free(fence->holders);
	free(fence->server_start);
	*fence = (struct fence){ 0 };
}

void fence_raise(struct fence *fence, int64_t hi, int64_t now)
{
	fence_drop(fence);
	fence->hi = hi;
	fence->since = now;
}

/* Whether two comma-separated lists share an entry. */
static bool has_common_entry(const char *a, const char *b)
{
	while (*a) {
		size_t len = strcspn(a, ",");

		for (const char *p = b; *p;) {
			size_t other = strcspn(p, ",");

			if (len == other && !memcmp(a, p, len))
				return true;
			p += other + (p[other] == ',');
		}
		a += len + (a[len] == ',');
	}
	return false;
}

bool fence_drained(struct fence *fence, const char *server_start,
		   const char *holders)
{
	if (!fence->holders || strcmp(fence->server_start, server_start)) {
		free(fence->holders);
		free(fence->server_start);
		fence->holders = xstrdup(holders);
		fence->server_start = xstrdup(server_start);
	}
	return !has_common_entry(fence->holders, holders);
}
