/* service: see service.h. Used by confab-events and confab-bridge. */
#include "event/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container.h"
#include "base/logger.h"

enum {
	DRAIN_TIMEOUT = 7000, /* ms */
	TURNS = 40, /* shares in which clients are told to come back */
	TURN = 50,  /* ms between them */
	SHOW_TIMEOUT = 10000, /* ms to become ready */
	SHOW_INTERVAL = 20,   /* ms between looks */
};

static void accept_connection(struct acceptor *acceptor, int fd)
{
	struct service *service =
		container_of(acceptor, struct service, acceptor);

	service->accepted(service, fd);
}

static void show_listener(struct service *service)
{
	if (!listener_show(service->listener)) {
		logger(LEVEL_ERROR, "start", "why=\"%s\"", strerror(errno));
		service->draining = service->over = true;
		return;
	}
	acceptor_start(&service->acceptor, service->loop,
		       service->listener->fd);
}

static void show_fired(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, show);

	if (service->draining)
		return;
	if (!service->listener->before || service->ready(service) ||
	    loop_now(service->loop) >= service->show_by)
		show_listener(service);
	else
		loop_arm(service->loop, timer, SHOW_INTERVAL);
}

static void deadline_passed(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, deadline);

	service->over = true;
}

static void goodbye_fired(struct timer *timer)
{
	struct service *service = container_of(timer, struct service, goodbye);

	service->drain(service, service->turns);
	if (service->turns > 1)
		service->turns--;
	loop_arm(service->loop, timer, TURN);
}

static void signal_ready(struct watch *watch, uint32_t events)
{
	struct service *service = container_of(watch, struct service, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info) ||
	    service->draining)
		return;
	if (info.ssi_signo == SIGHUP) {
		service->reload(service);
		return;
	}
	service->draining = true;
	listener_hide(service->listener);
	/* The socket's queue is lost with this process, so accept everyone who
	 * waits in it. */
	if (!service->listener->passed)
		acceptor_drain(&service->acceptor);
	acceptor_stop(&service->acceptor);
	close(service->listener->fd);
	service->turns = TURNS;
	loop_arm(service->loop, &service->deadline, DRAIN_TIMEOUT);
	loop_arm(service->loop, &service->goodbye, 0);
}

static int open_signals(const struct service *service)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (service->reload)
		sigaddset(&set, SIGHUP);
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

void service_start(struct service *service)
{
	raise_file_limit();
	service->acceptor.accepted = accept_connection;
	service->signals.ready = signal_ready;
	service->deadline.fire = deadline_passed;
	service->goodbye.fire = goodbye_fired;
	service->show.fire = show_fired;
	service->show_by = loop_now(service->loop) + SHOW_TIMEOUT;
	loop_watch(service->loop, &service->signals, open_signals(service),
		   EPOLLIN);
	show_fired(&service->show);
}
