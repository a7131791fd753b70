/* mail: passes a message to the operator's mail command. Called by
 * confab-session, which must not wait for it. A grandchild, which init
 * inherits, looks after the command. */
#include "mail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/logger.h"

enum {
	WORDS = 32,
	TIME_LIMIT = 60, /* s */
	ADDRESS_LIMIT = 254,
};

bool mail_is_address(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789.!#$%&'*+/=?^_`{|}~-";
	size_t local = strspn(text, plain);
	const char *domain = text + local + 1;

	return local && text[local] == '@' && *text != '-' && *domain &&
	       strspn(domain, plain) == strlen(domain) &&
	       strlen(text) <= ADDRESS_LIMIT;
}

/* Closes everything but standard error. An inherited listening socket would
 * keep the next program from starting, and a web server waits until a CGI
 * program's output is closed. */
static bool detach_descriptors(int message)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(message, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		return false;
	closefrom(STDERR_FILENO + 1);
	return true;
}

static _Noreturn void exec_mailer(char *const *words)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	/* The alarm survives execvp(). */
	alarm(TIME_LIMIT);
	execvp(words[0], words);
	_exit(127);
}

/* Runs the command, waits for its end, and logs a failure. */
static _Noreturn void supervise_mailer(char *const *words, int message)
{
	int status = -1;
	pid_t pid;

	setsid();
	pid = detach_descriptors(message) ? fork() : -1;
	if (pid == 0)
		exec_mailer(words);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (status != 0)
		logger(LEVEL_ERROR, "mail", "command=\"%s\" %s=%d", words[0],
		       WIFSIGNALED(status) ? "signal" : "status",
		       WIFSIGNALED(status) ? WTERMSIG(status)
					   : WEXITSTATUS(status));
	_exit(0);
}

/* The message as an unnamed file, positioned at its start. */
static int message_file(const char *message, size_t len)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, message, len) != (ssize_t)len ||
			lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void mail_send(const char *command, const char *message, size_t len)
{
	char *copy = strdup(command), *words[WORDS + 1] = { NULL }, *rest;
	int fd = message_file(message, len), n = 0;
	pid_t pid = -1;

	for (char *word = copy ? strtok_r(copy, " \t", &rest) : NULL;
	     word && n < WORDS; word = strtok_r(NULL, " \t", &rest))
		words[n++] = word;
	if (n && fd >= 0)
		pid = fork();
	if (pid == 0) {
		/* The child exits at once, and init will reap the
		 * grandchild. */
		if (fork() == 0)
			supervise_mailer(words, fd);
		_exit(0);
	}
	if (pid < 0)
		logger(LEVEL_ERROR, "mail", "why=\"%s\"", strerror(errno));
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		close(fd);
	free(copy);
}
