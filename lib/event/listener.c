/* listener: see listener.h. Called by main() and by the module that runs the
 * program (prefork, service). Owns the path while connections come here. */
#include "event/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/program.h"

enum {
	KNOCKS = 500, /* attempts to connect while its queue is full */
	PAUSE = 10,   /* ms between them */
};

static _Noreturn void die_listening(const char *path, const char *why)
{
	fprintf(stderr, "can't listen at %s: %s\n", path, why);
	exit(EXIT_FAILURE);
}

/* The socket a process manager passed as descriptor 0, or -1. */
static int passed_socket(void)
{
	if (!program_has_socket())
		return -1;
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	return STDIN_FILENO;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* The process that called listen() there; 0 for nobody, -1 when its queue is
 * full. */
static pid_t find_listener(const struct sockaddr_un *address)
{
	int fd = new_socket();
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (fd < 0)
		return 0;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		peer.pid = errno == EAGAIN ? -1 : 0;
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		peer.pid = -1;
	close(fd);
	return peer.pid;
}

static pid_t find_other(const struct sockaddr_un *address)
{
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };
	pid_t pid = find_listener(address);

	for (int i = 0; pid < 0 && i < KNOCKS; i++) {
		nanosleep(&pause, NULL);
		pid = find_listener(address);
	}
	return pid;
}

static void set_address(struct sockaddr_un *address, const char *path,
			const char *suffix)
{
	address->sun_family = AF_UNIX;
	if (strlen(path) + strlen(suffix) >= sizeof(address->sun_path))
		die_listening(path, "the path is too long");
	strcpy(address->sun_path, path);
	strcat(address->sun_path, suffix);
}

void listener_open(struct listener *l, const char *path, int backlog,
		   bool replace)
{
	struct stat status;

	*l = (struct listener){ .fd = passed_socket() };
	l->passed = l->fd >= 0;
	if (l->passed)
		return;
	set_address(&l->address, path, "");
	set_address(&l->hidden, path, ".new");
	l->before = find_other(&l->address);
	if (l->before && !replace)
		die_listening(path,
			      "another process listens there (-r replaces it)");
	if (l->before < 0)
		die_listening(path,
			      "the process that listens there does not answer");
	unlink(l->hidden.sun_path);
	l->fd = new_socket();
	if (l->fd < 0 ||
	    bind(l->fd, (const struct sockaddr *)&l->hidden,
		 sizeof(l->hidden)) < 0 ||
	    chmod(l->hidden.sun_path, 0660) < 0 || listen(l->fd, backlog) < 0 ||
	    stat(l->hidden.sun_path, &status) < 0)
		die_listening(path, strerror(errno));
	l->device = status.st_dev;
	l->inode = status.st_ino;
}

bool listener_show(struct listener *l)
{
	if (l->passed || l->shown)
		return true;
	if (rename(l->hidden.sun_path, l->address.sun_path) < 0)
		return false;
	l->shown = true;
	if (l->before)
		kill(l->before, SIGTERM);
	return true;
}

void listener_hide(const struct listener *l)
{
	struct stat status;

	if (l->passed)
		return;
	if (!l->shown)
		unlink(l->hidden.sun_path);
	else if (stat(l->address.sun_path, &status) == 0 &&
		 status.st_dev == l->device && status.st_ino == l->inode)
		unlink(l->address.sun_path);
}
