/* preview: runs confab-preview to make a small picture of an image. It is
 * started anew for each image, with the image, a pipe and nothing else. If it
 * fails, the upload simply has no preview. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "media.h"

enum {
	DEADLINE = 10000,       /* ms; confab-preview limits itself to 5 s */
	OUTPUT_LIMIT = 2097152, /* bytes */
	CHUNK = 16384,
};

/* confab-preview is in the same folder as this program. */
static bool find_program(char path[PATH_MAX])
{
	static const char name[] = "confab-preview";
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(name));

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len <= 0)
		return false;
	memcpy(path + len, name, sizeof(name));
	return true;
}

/* Runs in the new process. */
static _Noreturn void become_preview(const char *path, int image, int out)
{
	char name[] = "confab-preview";
	char *const arguments[] = { name, NULL };
	char *const environment[] = { NULL };
	int null = open("/dev/null", O_WRONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(image, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		execve(path, arguments, environment);
	_exit(EXIT_FAILURE);
}

/* Reads to the end. False when the end is late, or there are too many bytes. */
static bool read_output(int fd, struct buf *out)
{
	int64_t deadline = clock_ms() + DEADLINE;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_ms();
		int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || out->len > OUTPUT_LIMIT)
			return false;
		buf_reserve(out, CHUNK);
		n = read(fd, out->data + out->len, CHUNK);
		if (n == 0)
			return true;
		out->len += n > 0 ? (size_t)n : 0;
	}
}

/* Runs it. Returns whether it reports a picture. Its output is in out either
 * way. */
static bool run_preview(const char *path, int image, struct buf *out)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		become_preview(path, image, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		if (!read_output(ends[0], out))
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0)
			;
	}
	close(ends[0]);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Takes "WIDTH HEIGHT\n" off the start. */
static bool read_size(struct buf *out, struct media_preview *preview)
{
	const char *text = buf_text(out);
	const char *end = memchr(text, '\n', out->len);
	char *after;
	long width = strtol(text, &after, 10);
	long height = strtol(after, &after, 10);

	if (!end || after != end || width <= 0 || width > INT_MAX ||
	    height <= 0 || height > INT_MAX)
		return false;
	preview->width = (int)width;
	preview->height = (int)height;
	buf_consume(out, (size_t)(end + 1 - text));
	return true;
}

void media_preview(struct media_preview *out, int image, const char *directory)
{
	char path[PATH_MAX];
	struct buf output = { 0 };
	bool is_there;

	*out = (struct media_preview){ .picture.fd = -1 };
	is_there = find_program(path) && run_preview(path, image, &output);
	if (read_size(&output, out) && is_there && output.len > 0)
		out->made = spool_open(&out->picture, directory) &&
			    spool_add(&out->picture, output.data, output.len) &&
			    spool_finish(&out->picture);
	buf_free(&output);
}
