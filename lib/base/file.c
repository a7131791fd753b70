/* file: see file.h. Owns nothing. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PART = 65536 /* bytes of one read */
};

static bool fail(struct buf *why)
{
	buf_add_text(why, strerror(errno));
	return false;
}

static bool check_kind(const struct stat *is, struct buf *why)
{
	if (S_ISREG(is->st_mode))
		return true;
	buf_add_text(why, S_ISDIR(is->st_mode)
				  ? strerror(EISDIR)
				  : "is a device, a pipe or a socket, and "
				    "has to be a file");
	return false;
}

/* The file may be replaced after its name was looked at, so the descriptor is
 * looked at as well. Opening a pipe without O_NONBLOCK would wait for somebody
 * who writes. */
static int open_regular(const char *path, struct buf *why)
{
	struct stat is;
	int fd;

	if (stat(path, &is) == 0 && !check_kind(&is, why))
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &is) < 0)
		fail(why);
	else if (check_kind(&is, why))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads to the end, or one part beyond the limit. */
static bool read_all(struct buf *out, int fd, size_t limit, struct buf *why)
{
	size_t before = out->len;
	ssize_t n = 1;

	while (n > 0 && out->len - before <= limit) {
		buf_reserve(out, PART);
		n = read(fd, out->data + out->len, PART);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			out->len += (size_t)n;
	}
	if (n < 0)
		return fail(why);
	if (out->len - before <= limit)
		return true;
	buf_addf(why, "has more than %zu bytes", limit);
	return false;
}

bool file_read(struct buf *out, const char *path, size_t limit, struct buf *why)
{
	size_t before = out->len;
	int fd = open_regular(path, why);
	bool ok;

	if (fd < 0)
		return false;
	ok = read_all(out, fd, limit, why);
	close(fd);
	if (!ok)
		out->len = before;
	return ok;
}

bool file_read_text(struct buf *out, const char *path, size_t limit,
		    struct buf *why)
{
	size_t before = out->len;

	if (!file_read(out, path, limit, why))
		return false;
	if (strlen(buf_text(out) + before) == out->len - before)
		return true;
	buf_add_text(why, "has a NUL byte: it is no text");
	out->len = before;
	return false;
}
