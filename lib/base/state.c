/* state: see state.h. Owns nothing. The time of a file's last change is the
 * time of its task. */
#include "base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "base/logger.h"

/* The folder in run_dir, which itself is the operator's to make. */
static bool make_own(struct buf *out, const char *run_dir)
{
	buf_addf(out, "%s/state", run_dir);
	mkdir(buf_text(out), 0750);
	return access(buf_text(out), W_OK | X_OK) == 0;
}

/* Whether the folder is ours alone. Anybody may make one of its name in
 * /tmp. */
static bool is_private(const char *path)
{
	struct stat is;

	return lstat(path, &is) == 0 && S_ISDIR(is.st_mode) &&
	       is.st_uid == geteuid() && !(is.st_mode & 077);
}

/* The folder for programs that can't write to run_dir. Only the program that
 * makes it logs that, or plain CGI would with each request. */
static bool make_substitute(struct buf *out, const char *run_dir, int why)
{
	unsigned char hash[SECRET_HASH_SIZE];
	char text[17];
	bool made;

	secret_hash(run_dir, hash);
	hex_print(text, hash, 8);
	buf_addf(out, "/tmp/confab-%u-%s", (unsigned)geteuid(), text);
	made = mkdir(buf_text(out), 0700) == 0;
	if (made)
		logger(LEVEL_ERROR, "state", "run_dir=%s why=\"%s\" instead=%s",
		       run_dir, strerror(why), buf_text(out));
	return is_private(buf_text(out));
}

void state_path(struct buf *out, const char *run_dir, const char *name)
{
	struct buf own = { 0 }, substitute = { 0 };
	bool is_own = make_own(&own, run_dir);
	const struct buf *folder =
		is_own || !make_substitute(&substitute, run_dir, errno)
			? &own
			: &substitute;

	buf_add(out, folder->data, folder->len);
	buf_addf(out, "/%s", name);
	buf_free(&own);
	buf_free(&substitute);
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
