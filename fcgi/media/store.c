/* store: files by their content. Called by confab-media; a spool owns its
 * descriptor and its path.
 *
 * A file that is being written is locked (flock) while its process lives,
 * however that ends. An unlocked file in tmp is abandoned, so the next process
 * that looks removes it. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/xalloc.h"

enum {
	ATTEMPTS = 8,
};

static char *join_path(const char *directory, const char *rest)
{
	struct buf path = { 0 };
	char *text;

	buf_addf(&path, "%s/%s", directory, rest);
	text = xstrdup(buf_text(&path));
	buf_free(&path);
	return text;
}

static bool make_directory(const char *path)
{
	return mkdir(path, 0750) == 0 || errno == EEXIST;
}

/* Opens a new file and locks it. A sweep between the two may remove it; then
 * another one is made. */
static int open_locked(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	struct stat is;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &is) == 0 &&
	    is.st_nlink > 0)
		return fd;
	close(fd);
	unlink(path);
	errno = EEXIST;
	return -1;
}

bool spool_open(struct spool *out, const char *directory)
{
	char *folder = join_path(directory, "tmp");
	char id[33];

	*out = (struct spool){ .fd = -1 };
	if (make_directory(folder)) {
		for (int i = 0; out->fd < 0 && i < ATTEMPTS; i++) {
			secret_id(id);
			free(out->path);
			out->path = join_path(folder, id);
			out->fd = open_locked(out->path);
			if (out->fd < 0 && errno != EEXIST)
				break;
		}
	}
	free(folder);
	if (out->fd < 0) {
		free(out->path);
		out->path = NULL;
		return false;
	}
	out->digest = secret_digest_open();
	return true;
}

bool spool_add(struct spool *spool, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(spool->fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	secret_digest_add(spool->digest, bytes, len);
	spool->size += (long long)len;
	return true;
}

bool spool_finish(struct spool *spool)
{
	secret_digest_close(spool->digest, spool->hash);
	spool->digest = NULL;
	return fsync(spool->fd) == 0;
}

static void reset_spool(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	secret_digest_close(spool->digest, NULL);
	free(spool->path);
	*spool = (struct spool){ .fd = -1 };
}

void spool_discard(struct spool *spool)
{
	if (spool->path)
		unlink(spool->path);
	reset_spool(spool);
}

void store_path(struct buf *out, const char *hash, const char *id)
{
	buf_addf(out, "%.2s/%.2s/%s.%s", hash, hash + 2, hash, id);
}

static bool sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The two folders below directory that hold the file of a hash. */
struct folders {
	char *outer, *inner;
};

static struct folders folders_of(const char *directory, const char *hash)
{
	struct folders folders;
	char parts[6];

	snprintf(parts, sizeof(parts), "%.2s", hash);
	folders.outer = join_path(directory, parts);
	snprintf(parts, sizeof(parts), "%.2s/%.2s", hash, hash + 2);
	folders.inner = join_path(directory, parts);
	return folders;
}

static void free_folders(struct folders *folders)
{
	free(folders->outer);
	free(folders->inner);
}

bool spool_place(struct spool *spool, const char *directory, const char *id)
{
	char hash[2 * SECRET_HASH_SIZE + 1];
	struct buf relative = { 0 };
	struct folders folders;
	char *path;
	bool ok;

	hex_print(hash, spool->hash, sizeof(spool->hash));
	store_path(&relative, hash, id);
	path = join_path(directory, buf_text(&relative));
	buf_free(&relative);
	folders = folders_of(directory, hash);
	/* Replacing a file by one of the same content changes nothing. */
	ok = make_directory(folders.outer) && make_directory(folders.inner) &&
	     rename(spool->path, path) == 0 && sync_directory(folders.inner) &&
	     sync_directory(folders.outer) && sync_directory(directory);
	free_folders(&folders);
	free(path);
	if (ok)
		reset_spool(spool);
	return ok;
}

bool store_remove(const char *directory, const char *hash, const char *id)
{
	struct buf relative = { 0 };
	char *path;
	bool gone;

	store_path(&relative, hash, id);
	path = join_path(directory, buf_text(&relative));
	gone = unlink(path) == 0 || errno == ENOENT;
	buf_free(&relative);
	free(path);
	return gone;
}

void store_sweep(const char *directory)
{
	char *folder = join_path(directory, "tmp");
	DIR *entries = opendir(folder);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)) != NULL) {
		char *path;
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		path = join_path(folder, entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlink(path);
		if (fd >= 0)
			close(fd);
		free(path);
	}
	if (entries)
		closedir(entries);
	free(folder);
}

bool store_prepare(const char *directory)
{
	struct spool trial;

	if (!make_directory(directory) || !spool_open(&trial, directory))
		return false;
	spool_discard(&trial);
	return true;
}

bool store_check(const char *directory, struct buf *why)
{
	char *folder = join_path(directory, "tmp");
	bool existed = access(directory, F_OK) == 0;
	bool had_folder = access(folder, F_OK) == 0;
	bool ok = store_prepare(directory);

	if (!ok)
		buf_addf(why, "media_dir: %s: %s", directory, strerror(errno));
	if (!had_folder)
		(void)rmdir(folder);
	if (!existed)
		(void)rmdir(directory);
	free(folder);
	return ok;
}
