/* pollset: see pollset.h. The program's own poll() stands before the C
 * library's, also for the libraries it uses. What lasts of the questions it is
 * asked, it keeps in an epoll set, so that the kernel is told only what has
 * changed: looking for that among 10,000 numbers takes 10 us, a poll(2) of them
 * a millisecond. Only the first array of more than one descriptor is treated
 * so, which is that of libwebsockets; a question about another goes to the
 * kernel as it is. Runs on the bridge's one thread.
 *
 * Who asks whether a socket takes more is told at once that it does, for it
 * nearly always does: what it does not take libwebsockets keeps, and asks
 * again. Only that second time the kernel is asked, too. This spares three
 * system calls of four for each frame. */
#include "pollset.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

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
	bool trusted; /* said to take more, without asking the kernel */
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
	*known_of(fd) = (struct known){ 0 };
}

static void tell(int fd, short events, struct known *k)
{
	struct epoll_event event = { .events = (uint32_t)events,
				     .data.fd = fd };

	/* What could not be told is told next time. */
	k->there = (k->there &&
		    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) ||
		   epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
	k->events = events;
}

/* True: it is asked for the first time whether it takes more. */
static bool trust(struct pollfd *p, struct known *k)
{
	bool wanted = (p->events & POLLOUT) != 0;

	k->trusted = wanted && !k->trusted && !(k->events & POLLOUT);
	if (k->trusted)
		p->revents = POLLOUT;
	return k->trusted;
}

/* Returns how many are ready without asking the kernel. */
static int take_up(struct pollfd *fds, nfds_t n)
{
	int ready = 0;

	for (nfds_t i = 0; i < n; i++) {
		struct known *k;
		short events = fds[i].events;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		k = known_of(fds[i].fd);
		k->place = (uint32_t)i;
		if (trust(&fds[i], k)) {
			ready++;
			events &= ~POLLOUT;
		}
		if (!k->there || k->events != events)
			tell(fds[i].fd, events, k);
	}
	return ready;
}

static int hand_over(struct pollfd *fds, nfds_t n,
		     const struct epoll_event *events, int count)
{
	int ready = 0;

	for (int i = 0; i < count; i++) {
		struct known *k = &known[events[i].data.fd];

		if (k->place < n && fds[k->place].fd == events[i].data.fd) {
			ready += !fds[k->place].revents;
			fds[k->place].revents =
				(short)(fds[k->place].revents |
					(short)events[i].events);
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
	int ready, count;

	if (!is_ours(fds, n))
		return ppoll(fds, n, timeout < 0 ? NULL : &limit, NULL);
	ready = take_up(fds, n);
	count = epoll_wait(epoll, events, BATCH, ready ? 0 : timeout);
	if (count > 0)
		ready += hand_over(fds, n, events, count);
	return ready || count > 0 ? ready : count;
}
