/* prefork: see prefork.h. The parent does nothing but keep its children. */
#include "prefork.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "logger.h"
#include "xalloc.h"

struct child {
	pid_t pid;
	time_t started;
};

static void block_signals(sigset_t *stop)
{
	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGINT);
	sigaddset(stop, SIGCHLD);
	sigprocmask(SIG_BLOCK, stop, NULL);
}

/* The signals stay blocked in the worker; see http_accept(). */
static void start(const struct prefork *p, struct child *child, void *shared)
{
	pid_t parent = getpid();

	child->started = time(NULL);
	child->pid = fork();
	if (child->pid < 0)
		logger(LEVEL_ERROR, "fork", "why=\"%s\"", strerror(errno));
	if (child->pid != 0)
		return;
	/* No orphan keeps serving when the parent is killed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	exit(p->work(p->context, p->listener, shared));
}

static struct child *find(struct child *children, int n, pid_t pid)
{
	for (int i = 0; i < n; i++)
		if (children[i].pid == pid)
			return &children[i];
	return NULL;
}

static void reap(struct child *children, int n)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = find(children, n, pid);

		if (!child)
			continue;
		child->pid = 0;
		logger(LEVEL_WARN, "worker_ended", "pid=%d %s=%d", (int)pid,
		       WIFSIGNALED(status) ? "signal" : "status",
		       WIFSIGNALED(status) ? WTERMSIG(status)
					   : WEXITSTATUS(status));
	}
}

/* Starts what is missing, each place at most once a second. */
static bool fill(const struct prefork *p, struct child *children, void *shared)
{
	bool all = true;

	for (int i = 0; i < p->workers; i++) {
		if (children[i].pid > 0)
			continue;
		if (time(NULL) - children[i].started >= 1)
			start(p, &children[i], shared);
		all = all && children[i].pid > 0;
	}
	return all;
}

static void stop_all(const struct prefork *p, struct child *children)
{
	for (int i = 0; i < p->workers; i++)
		if (children[i].pid > 0)
			kill(children[i].pid, SIGTERM);
	for (int i = 0; i < p->workers; i++)
		if (children[i].pid > 0)
			waitpid(children[i].pid, NULL, 0);
}

int prefork_run(const struct prefork *p)
{
	struct child *children = xcalloc((size_t)p->workers, sizeof(*children));
	void *shared =
		mmap(NULL, p->shared_size ? p->shared_size : 1,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct timespec second = { .tv_sec = 1 };
	sigset_t signals;
	int got;

	if (shared == MAP_FAILED) {
		logger(LEVEL_ERROR, "start", "why=\"no shared memory\"");
		free(children);
		return 1;
	}
	block_signals(&signals);
	logger(LEVEL_INFO, "start", "pid=%d workers=%d", (int)getpid(),
	       p->workers);
	do {
		bool all = fill(p, children, shared);

		got = all ? sigwaitinfo(&signals, NULL)
			  : sigtimedwait(&signals, NULL, &second);
		reap(children, p->workers);
	} while (got != SIGTERM && got != SIGINT);
	stop_all(p, children);
	logger(LEVEL_INFO, "stop", "pid=%d", (int)getpid());
	free(children);
	return 0;
}

static void die(const char *path)
{
	fprintf(stderr, "cannot listen at %s: %s\n", path, strerror(errno));
	exit(1);
}

int prefork_listen(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(int);
	int fd, listening = 0;

	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
	    listening)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(address.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0660) < 0 || listen(fd, backlog) < 0)
		die(path);
	return fd;
}
