/* listener: the socket that a program listens at. A program can take the socket
 * over from a running one without a gap: it binds under another name and
 * renames that over the old path. The old program finishes what it has
 * accepted. */
#ifndef CONFAB_EVENT_LISTENER_H
#define CONFAB_EVENT_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct listener {
	int fd;       /* non-blocking */
	bool passed;  /* given and kept by a process manager */
	bool shown;   /* connections come here */
	pid_t before; /* the process to replace; 0: none */
	dev_t device; /* of our socket, while shown */
	ino_t inode;
	struct sockaddr_un address, hidden;
};

/* Opens a unix socket (mode 0660) for path, which nobody can connect to yet. A
 * socket passed as descriptor 0 (spawn-fcgi, mod_fcgid, systemd) is used
 * instead. replace: take over from the program that listens at path. Ends the
 * process with a sentence on failure, also when another program listens there
 * and replace is false. */
void listener_open(struct listener *listener, const char *path, int backlog,
		   bool replace);

/* From now on connections come here, and the program before is asked to stop.
 * Repeating it does nothing. False, with errno, when path can't be taken. */
bool listener_show(struct listener *listener)
	__attribute__((warn_unused_result));

/* From now on only the connections that already wait are accepted. Removes the
 * path unless another program has taken it. */
void listener_hide(const struct listener *listener);

#endif
