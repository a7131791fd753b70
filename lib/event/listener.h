/* listener: the socket a program listens at, and how one program takes it over
 * from another without a moment in which nobody listens: the new one binds
 * under another name and renames it over the old, which goes on with what it
 * has accepted. */
#ifndef CONFAB_EVENT_LISTENER_H
#define CONFAB_EVENT_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct listener {
	int fd;       /* non-blocking */
	bool passed;  /* by a process manager, which keeps it */
	bool shown;   /* connections come here */
	pid_t before; /* whose place this takes; 0: nobody's */
	dev_t device; /* of our socket, while shown */
	ino_t inode;
	struct sockaddr_un address, hidden;
};

/* A unix socket (mode 0660) for path, which nobody can connect to yet; or the
 * one passed as descriptor 0 (spawn-fcgi, mod_fcgid, systemd) when that is
 * one. replace: a program that listens at path already is to be replaced.
 * Ends the process with a sentence on failure, and when somebody listens there
 * and is not to be replaced. */
void listener_open(struct listener *listener, const char *path, int backlog,
		   bool replace);

/* From now on connections come here; the program before is told to stop. Again
 * does nothing. False, with errno, when path can't be taken. */
bool listener_show(struct listener *listener)
	__attribute__((warn_unused_result));

/* From now on no more connections come, but those that wait. The path is
 * removed unless it is another's by now. */
void listener_hide(const struct listener *listener);

#endif
