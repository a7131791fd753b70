/* examine: runs confab-preview to find the type of a file and to make a small
 * picture of an image. It is started anew for each file, with the file, a pipe
 * and nothing else. If it fails, the type is unknown and there is no preview.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
static _Noreturn void become_preview(const char *path, int file, int out)
{
	char name[] = "confab-preview";
	char *const arguments[] = { name, NULL };
	char *const environment[] = { NULL };
	int null = open("/dev/null", O_WRONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(file, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
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
static bool run_preview(const char *path, int file, struct buf *out)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		become_preview(path, file, ends[1]);
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

/* Takes a line off the start; false when there is none that fits. */
static bool read_line(struct buf *out, char *line, size_t size)
{
	const char *text = buf_text(out);
	const char *end = memchr(text, '\n', out->len);
	size_t len = end ? (size_t)(end - text) : 0;

	if (!end || len >= size)
		return false;
	memcpy(line, text, len);
	line[len] = '\0';
	buf_consume(out, len + 1);
	return true;
}

/* Reads "WIDTH HEIGHT". */
static bool read_size(const char *line, struct media_findings *findings)
{
	char *after;
	long width = strtol(line, &after, 10);
	long height = strtol(after, &after, 10);

	if (*after != '\0' || width <= 0 || width > INT_MAX || height <= 0 ||
	    height > INT_MAX)
		return false;
	findings->width = (int)width;
	findings->height = (int)height;
	return true;
}

void media_examine(struct media_findings *out, int file, const char *directory)
{
	char path[PATH_MAX], size[32];
	struct buf output = { 0 };
	bool has_picture;

	*out = (struct media_findings){ .picture.fd = -1 };
	has_picture = find_program(path) && run_preview(path, file, &output);
	if (!read_line(&output, out->type, sizeof(out->type)))
		snprintf(out->type, sizeof(out->type),
			 "application/octet-stream");
	if (read_line(&output, size, sizeof(size)) && read_size(size, out) &&
	    has_picture && output.len > 0)
		out->has_preview =
			spool_open(&out->picture, directory) &&
			spool_add(&out->picture, output.data, output.len) &&
			spool_finish(&out->picture);
	buf_free(&output);
}

bool media_can_examine(struct buf *why)
{
	static const char text[] = "Plain words.\n";
	struct media_findings found = { 0 };
	int file = memfd_create("confab-media", MFD_CLOEXEC);

	if (file >= 0 && write(file, text, sizeof(text) - 1) > 0)
		media_examine(&found, file, NULL);
	if (file >= 0)
		close(file);
	if (strcmp(found.type, "text/plain") == 0)
		return true;
	buf_add_text(why, "confab-preview, which has to be beside "
			  "confab-media, can't tell the type of a file: "
			  "confab-preview < /etc/passwd says why");
	return false;
}
