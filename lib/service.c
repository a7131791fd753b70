/* service: see service.h. Used by confab-events and confab-bridge. */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger.h"

enum {
	DRAIN_TIMEOUT = 5000 /* ms */
};

static void accept_ready(struct watch *watch, uint32_t events)
{
	struct service *service =
		(void *)((char *)watch - offsetof(struct service, listener));
	int fd;

	(void)events;
	while ((fd = accept4(watch->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		service->accepted(service, fd);
	if (errno == EMFILE || errno == ENFILE)
		logger(LEVEL_ERROR, "accept",
		       "why=\"too many open files\" advice=\"raise the "
		       "service's LimitNOFILE or lower max_streams\"");
}

static void deadline_passed(struct timer *timer)
{
	struct service *service =
		(void *)((char *)timer - offsetof(struct service, deadline));

	service->over = true;
}

static void signal_ready(struct watch *watch, uint32_t events)
{
	struct service *service =
		(void *)((char *)watch - offsetof(struct service, signals));
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info) ||
	    service->draining)
		return;
	service->draining = true;
	loop_unwatch(service->loop, &service->listener);
	close(service->listener.fd);
	loop_arm(service->loop, &service->deadline, DRAIN_TIMEOUT);
	service->drain(service);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void service_start(struct service *service, int listener)
{
	raise_file_limit();
	service->listener.ready = accept_ready;
	service->signals.ready = signal_ready;
	service->deadline.fire = deadline_passed;
	loop_watch(service->loop, &service->listener, listener, EPOLLIN);
	loop_watch(service->loop, &service->signals, open_signals(), EPOLLIN);
}
