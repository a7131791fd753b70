/* due: see due.h. Owns nothing. The time of a file's last change is the time
 * of the task. */
#include "base/due.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/logger.h"

int due_open(const char *run_dir, const char *name)
{
	struct buf path = { 0 };
	int fd;

	buf_addf(&path, "%s/state", run_dir);
	mkdir(buf_text(&path), 0750);
	buf_addf(&path, "/%s", name);
	fd = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		logger(LEVEL_ERROR, "state", "path=%s why=\"%s\"",
		       buf_text(&path), strerror(errno));
	buf_free(&path);
	return fd;
}

bool due_take(const char *run_dir, const char *name, int seconds)
{
	int fd = due_open(run_dir, name);
	struct stat is;
	bool due;

	if (fd < 0)
		return true;
	due = fstat(fd, &is) < 0 || is.st_size == 0 ||
	      time(NULL) - is.st_mtime >= seconds;
	if (due && pwrite(fd, "\n", 1, 0) < 0)
		logger(LEVEL_ERROR, "state", "why=\"%s\"", strerror(errno));
	close(fd);
	return due;
}
