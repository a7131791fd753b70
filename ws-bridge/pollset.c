/* pollset: see pollset.h. The program's own poll() stands before the C
 * library's, also for the libraries it uses. What lasts of the questions it is
 * asked, it keeps in an epoll set, so that the kernel is told only what has
 * changed: looking for that among 10,000 numbers takes 10 us, a poll(2) of them
 * a millisecond. Only the first array of more than one descriptor is treated
 * so, which is that of libwebsockets; a question about another goes to the
 * kernel as it is. Runs on the bridge's one thread. */
#include "pollset.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "xalloc.h"

enum {
	BATCH = 1024
};

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT &&
		       POLLERR == EPOLLERR && POLLHUP == EPOLLHUP,
	       "events are the same");

/* What the kernel has been told about a descriptor. */
struct known {
	uint32_t place; /* in the array, at the last look */
	short events;
	bool there;
};

static const struct pollfd *array;
static int epoll = -1;
static struct known *known;
static size_t n_known;

static struct known *known_of(int fd)
{
	size_t need = (size_t)fd + 1;

	if (need > n_known) {
		size_t n = need * 2;

		known = xrealloc(known, n * sizeof(*known));
		memset(known + n_known, 0, (n - n_known) * sizeof(*known));
		n_known = n;
	}
	return &known[fd];
}

void pollset_forget(int fd)
{
	known_of(fd)->there = false;
}

static void tell(const struct pollfd *p, struct known *k)
{
	struct epoll_event event = { .events = (uint32_t)p->events,
				     .data.fd = p->fd };

	/* What could not be told is told next time. */
	k->there = (k->there &&
		    epoll_ctl(epoll, EPOLL_CTL_MOD, p->fd, &event) == 0) ||
		   epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &event) == 0;
	k->events = p->events;
}

static void take_up(struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++) {
		struct known *k;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		k = known_of(fds[i].fd);
		k->place = (uint32_t)i;
		if (!k->there || k->events != fds[i].events)
			tell(&fds[i], k);
	}
}

static int hand_over(struct pollfd *fds, nfds_t n,
		     const struct epoll_event *events, int count)
{
	int ready = 0;

	for (int i = 0; i < count; i++) {
		struct known *k = &known[events[i].data.fd];

		if (k->place < n && fds[k->place].fd == events[i].data.fd) {
			fds[k->place].revents = (short)events[i].events;
			ready++;
		} else {
			/* It is not asked about any more. */
			epoll_ctl(epoll, EPOLL_CTL_DEL, events[i].data.fd,
				  NULL);
			k->there = false;
		}
	}
	return ready;
}

static bool is_ours(const struct pollfd *fds, nfds_t n)
{
	if (!array && n > 1) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll >= 0)
			array = fds;
	}
	return array && fds == array;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	static struct epoll_event events[BATCH];
	struct timespec limit = { timeout / 1000, timeout % 1000 * 1000000L };
	int count;

	if (!is_ours(fds, n))
		return ppoll(fds, n, timeout < 0 ? NULL : &limit, NULL);
	take_up(fds, n);
	count = epoll_wait(epoll, events, BATCH, timeout);
	return count > 0 ? hand_over(fds, n, events, count) : count;
}
