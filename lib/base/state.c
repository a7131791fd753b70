/* state: see state.h. Owns nothing. The time of a file's last change is the
 * time of its task. */
#include "base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/logger.h"

void state_path(struct buf *out, const char *run_dir, const char *name)
{
	buf_addf(out, "%s/state", run_dir);
	mkdir(buf_text(out), 0750);
	buf_addf(out, "/%s", name);
}

int state_open(const char *run_dir, const char *name)
{
	struct buf path = { 0 };
	int fd;

	state_path(&path, run_dir, name);
	fd = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		logger(LEVEL_ERROR, "state", "path=%s why=\"%s\"",
		       buf_text(&path), strerror(errno));
	buf_free(&path);
	return fd;
}

bool state_take_turn(const char *run_dir, const char *name, int seconds)
{
	int fd = state_open(run_dir, name);
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
