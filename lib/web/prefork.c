/* prefork: a parent that keeps N workers alive and stops them gently. Called by
 * main() of programs that serve one request at a time; owns the workers and the
 * memory they share. The parent does nothing else, so no client can harm it. */
#include "web/prefork.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "web/overflow.h"

enum {
	RESTART_PAUSE = 1000, /* ms between two starts of one worker */
	GRACE = 30000,        /* ms a worker has to finish its request */
};

struct child {
	pid_t pid;       /* 0: none */
	int64_t started; /* ms, of the last attempt */
};

/* The parent's child processes. */
struct family {
	struct child *workers; /* prefork.workers of them */
	struct child overflow;
	bool stopping;
	bool no_overflow; /* not wanted, or impossible on this kernel */
};

/* Waits for one of the signals, timeout milliseconds at most. */
static int wait_signal(const sigset_t *set, int64_t timeout)
{
	const struct timespec time = { .tv_sec = timeout / 1000,
				       .tv_nsec = timeout % 1000 * 1000000 };

	return sigtimedwait(set, NULL, &time);
}

/* Forks. True in the child, which gets the signal when its parent dies: no
 * orphan keeps serving. */
static bool fork_child(struct child *child, int signal)
{
	pid_t parent = getpid();

	child->started = clock_ms();
	child->pid = fork();
	if (child->pid < 0) {
		logger(LEVEL_ERROR, "fork", "why=\"%s\"", strerror(errno));
		child->pid = 0;
		return false;
	}
	if (child->pid)
		return false;
	prctl(PR_SET_PDEATHSIG, signal);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	return true;
}

static void start_worker(const struct prefork *p, struct child *child,
			 void *shared)
{
	if (!fork_child(child, SIGTERM))
		return;
	exit(p->work(p->context, p->listener->fd, shared));
}

static void start_overflow(const struct prefork *p, struct child *overflow)
{
	sigset_t none;

	if (!fork_child(overflow, SIGKILL))
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "confab-overflow");
	if (overflow_run(p->listener->fd, p->queue, p->refused))
		_exit(EXIT_FAILURE);
	logger(LEVEL_WARN, "overflow",
	       "why=\"the kernel does not tell how many wait (unix_diag)\" "
	       "advice=\"when too many wait, the web server answers\"");
	_exit(EXIT_SUCCESS);
}

static void log_end(const struct family *family, const char *what, pid_t pid,
		    int status)
{
	bool killed = WIFSIGNALED(status);
	int how = killed ? WTERMSIG(status) : WEXITSTATUS(status);

	if (!family->stopping || status != 0)
		logger(LEVEL_WARN, what, "pid=%d %s=%d", (int)pid,
		       killed ? "signal" : "status", how);
}

/* Notes the children that have ended; returns the number of workers left. */
static int reap_children(const struct prefork *p, struct family *family)
{
	int left = 0, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == family->overflow.pid) {
			family->overflow.pid = 0;
			/* The kernel does not tell the length of the queue. */
			family->no_overflow =
				WIFEXITED(status) &&
				WEXITSTATUS(status) == EXIT_SUCCESS;
			if (!family->no_overflow && !family->stopping)
				log_end(family, "overflow", pid, status);
		}
		for (int i = 0; i < p->workers; i++)
			if (family->workers[i].pid == pid) {
				family->workers[i].pid = 0;
				log_end(family, "worker", pid, status);
			}
	}
	for (int i = 0; i < p->workers; i++)
		left += family->workers[i].pid > 0;
	return left;
}

/* Whether a place is empty and may be filled now. */
static bool is_due(const struct child *child)
{
	return child->pid == 0 &&
	       (child->started == 0 ||
		clock_ms() - child->started >= RESTART_PAUSE);
}

/* Starts the missing children that are due. Returns whether all are there. */
static bool start_missing(const struct prefork *p, struct family *family,
			  void *shared)
{
	bool all = true;

	for (int i = 0; i < p->workers; i++) {
		struct child *child = &family->workers[i];

		if (is_due(child))
			start_worker(p, child, shared);
		all = all && child->pid > 0;
	}
	if (family->no_overflow)
		return all;
	if (is_due(&family->overflow))
		start_overflow(p, &family->overflow);
	return all && family->overflow.pid > 0;
}

static void kill_all(const struct prefork *p, const struct child *children,
		     int signal)
{
	for (int i = 0; i < p->workers; i++)
		if (children[i].pid > 0)
			kill(children[i].pid, signal);
}

/* Lets the workers finish their requests. */
static void stop_workers(const struct prefork *p, struct family *family)
{
	int64_t deadline = clock_ms() + GRACE;
	sigset_t child_only;

	family->stopping = true;
	/* Hide first, or the workers would never reach the end of the queue. */
	listener_hide(p->listener);
	sigemptyset(&child_only);
	sigaddset(&child_only, SIGCHLD);
	kill_all(p, family->workers, SIGTERM);
	while (reap_children(p, family) > 0) {
		if (clock_ms() >= deadline)
			kill_all(p, family->workers, SIGKILL);
		wait_signal(&child_only, RESTART_PAUSE);
	}
}

int prefork_run(const struct prefork *p)
{
	struct family family = {
		.workers = xcalloc((size_t)p->workers, sizeof(struct child)),
		.no_overflow = p->queue == 0,
	};
	void *shared =
		mmap(NULL, p->shared_size ? p->shared_size : 1,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigset_t signals;
	int got;

	if (shared == MAP_FAILED || !listener_show(p->listener)) {
		logger(LEVEL_ERROR, "start", "why=\"%s\"", strerror(errno));
		free(family.workers);
		return EXIT_FAILURE;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	logger(LEVEL_INFO, "start", "pid=%d workers=%d", (int)getpid(),
	       p->workers);
	do {
		if (start_missing(p, &family, shared))
			got = sigwaitinfo(&signals, NULL);
		else
			got = wait_signal(&signals, RESTART_PAUSE / 4);
		reap_children(p, &family);
	} while (got != SIGTERM && got != SIGINT);
	/* The workers serve everyone who waits now. */
	if (family.overflow.pid)
		kill(family.overflow.pid, SIGKILL);
	stop_workers(p, &family);
	logger(LEVEL_INFO, "stop", "pid=%d", (int)getpid());
	munmap(shared, p->shared_size ? p->shared_size : 1);
	free(family.workers);
	return EXIT_SUCCESS;
}
