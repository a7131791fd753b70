/* acceptor: see acceptor.h. Called by service and by programs with a port of
 * their own. */
#include "event/acceptor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/container.h"
#include "base/logger.h"

enum {
	PAUSE = 200 /* ms, when there are no descriptors */
};

static void accept_ready(struct watch *watch, uint32_t events)
{
	struct acceptor *a = container_of(watch, struct acceptor, watch);
	int fd;

	(void)events;
	while ((fd = accept4(a->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		a->accepted(a, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* The connections wait; polling for them would spin. */
	loop_unwatch(a->loop, watch);
	loop_arm(a->loop, &a->again, PAUSE);
	logger(LEVEL_ERROR, "accept",
	       "why=\"too many open files\" advice=\"raise the service's "
	       "LimitNOFILE or lower max_streams\"");
}

static void again_fired(struct timer *timer)
{
	struct acceptor *a = container_of(timer, struct acceptor, again);

	loop_watch(a->loop, &a->watch, a->fd, EPOLLIN);
}

void acceptor_start(struct acceptor *a, struct loop *loop, int fd)
{
	a->loop = loop;
	a->fd = fd;
	a->watch.ready = accept_ready;
	a->again.fire = again_fired;
	loop_watch(loop, &a->watch, fd, EPOLLIN);
}

void acceptor_drain(struct acceptor *a)
{
	if (a->watch.active)
		accept_ready(&a->watch, EPOLLIN);
}

void acceptor_stop(struct acceptor *a)
{
	if (!a->loop)
		return;
	loop_unwatch(a->loop, &a->watch);
	loop_disarm(a->loop, &a->again);
}
