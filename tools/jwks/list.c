/* list: see jwks.h. Called by main(). The files of a source are known by their
 * names: jwks-, eight digits of the hash of the source's name, -, sixteen of
 * the hash of the key, .pem. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/xalloc.h"
#include "jwks.h"

enum {
	MARK = 5 + 8 + 1,         /* characters: "jwks-", a hash, "-" */
	NAME = MARK + 16 + 4 + 1, /* of a file, with its NUL */
	LIST_LIMIT = 1 << 20      /* bytes */
};

/* A replacement under way. */
struct change {
	const struct jwks_source *source;
	char mark[MARK + 1];
	struct buf folder;      /* of the list, with a slash */
	struct buf before, old; /* the list; names of the source's files */
	struct buf after;
	struct stat is; /* the list's, st_nlink 0: it is not there */
	struct buf *why;
};

static bool fail_file(struct change *c, const char *path)
{
	buf_addf(c->why, "%s: %s", path, strerror(errno));
	return false;
}

static void name_key(const struct change *c, const char *pem, char out[NAME])
{
	unsigned char hash[SECRET_HASH_SIZE];

	secret_hash(pem, hash);
	memcpy(out, c->mark, MARK);
	hex_print(out + MARK, hash, 8);
	memcpy(out + MARK + 16, ".pem", 5);
}

static void path_of(const struct change *c, const char *name, struct buf *out)
{
	buf_add(out, c->folder.data, c->folder.len);
	buf_add_text(out, name);
}

static bool read_list(struct change *c)
{
	const char *path = c->source->list;
	struct buf reason = { 0 };
	bool ok;

	if (stat(path, &c->is) < 0)
		return errno == ENOENT || fail_file(c, path);
	ok = file_read(&c->before, path, LIST_LIMIT, &reason);
	if (!ok)
		buf_addf(c->why, "%s: %s", path, buf_text(&reason));
	buf_free(&reason);
	return ok;
}

/* The third word of a line: the file of its key. */
static const char *file_of(const char *line, size_t len, size_t *out_len)
{
	static const char blank[] = " \t\r\n";
	const char *end = line + len;

	for (int word = 0; word < 2; word++) {
		while (line < end && strchr(blank, *line))
			line++;
		while (line < end && !strchr(blank, *line))
			line++;
	}
	while (line < end && strchr(blank, *line))
		line++;
	*out_len = 0;
	while (line + *out_len < end && !strchr(blank, line[*out_len]))
		++*out_len;
	return line;
}

/* Copies the lines of others, and takes down the names of the source's
 * files. */
static void keep_lines(struct change *c)
{
	const char *at = c->before.data, *end = at + c->before.len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop + 1 : end) - at), n;
		const char *file = file_of(at, len, &n);

		if (*at != '#' && n == NAME - 1 &&
		    !memcmp(file, c->mark, MARK)) {
			buf_add(&c->old, file, n);
			buf_add(&c->old, "", 1);
		} else {
			buf_add(&c->after, at, len);
			if (!stop)
				buf_add_text(&c->after, "\n");
		}
		at += len;
	}
}

static void add_lines(struct change *c, const struct jwks_key *keys,
		      size_t count)
{
	const char *issuer = c->source->issuer;
	char name[NAME];

	for (size_t i = 0; i < count; i++) {
		name_key(c, keys[i].pem, name);
		buf_addf(&c->after, "%s %s %s%s%s\n", keys[i].kid,
			 keys[i].algorithm, name, issuer ? " " : "",
			 issuer ? issuer : "");
	}
}

/* Writes a file for good. The mode and owner are the list's, if there is one:
 * the programs have to be able to read both. */
static bool write_file(struct change *c, const char *path,
		       const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0;

	if (ok && c->is.st_nlink)
		ok = fchmod(fd, c->is.st_mode & 0666) == 0 &&
		     (fchown(fd, c->is.st_uid, c->is.st_gid) == 0 ||
		      geteuid() != 0);
	for (size_t at = 0; ok && at < text->len;) {
		ssize_t n = write(fd, text->data + at, text->len - at);

		ok = n > 0;
		at += ok ? (size_t)n : 0;
	}
	ok = ok && fsync(fd) == 0;
	if (!ok)
		fail_file(c, path);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool write_keys(struct change *c, const struct jwks_key *keys,
		       size_t count)
{
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		struct buf path = { 0 }, text = { 0 };
		char name[NAME];

		name_key(c, keys[i].pem, name);
		path_of(c, name, &path);
		buf_add_text(&text, keys[i].pem);
		ok = write_file(c, buf_text(&path), &text);
		buf_free(&text);
		buf_free(&path);
	}
	return ok;
}

/* Removes the source's old files, but those that the new list names. */
static void remove_old(struct change *c)
{
	buf_text(&c->after);
	for (size_t at = 0; at < c->old.len;) {
		const char *name = c->old.data + at;
		struct buf path = { 0 };

		if (!strstr(c->after.data, name)) {
			path_of(c, name, &path);
			unlink(buf_text(&path));
		}
		buf_free(&path);
		at += strlen(name) + 1;
	}
}

static void sync_folder(const struct change *c)
{
	struct buf path = { 0 };
	int fd;

	path_of(c, ".", &path);
	fd = open(buf_text(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	buf_free(&path);
}

/* Puts the new list in place, unless the programs could not read it. */
static bool write_list(struct change *c)
{
	struct buf path = { 0 };
	struct jwt_keys *keys = NULL;
	bool ok;

	buf_addf(&path, "%s.new", c->source->list);
	ok = write_file(c, buf_text(&path), &c->after) &&
	     (keys = jwt_keys_load(buf_text(&path), c->why)) != NULL;
	jwt_keys_free(keys);
	if (ok && rename(buf_text(&path), c->source->list) < 0)
		ok = fail_file(c, c->source->list);
	if (!ok)
		unlink(buf_text(&path));
	buf_free(&path);
	return ok;
}

static bool carry_out(struct change *c, const struct jwks_key *keys,
		      size_t count)
{
	struct buf old = c->old;
	bool ok = write_keys(c, keys, count) && write_list(c);

	if (!ok) {
		/* The new files are not in use. */
		c->old = (struct buf){ 0 };
		for (size_t i = 0; i < count; i++) {
			char name[NAME];

			name_key(c, keys[i].pem, name);
			buf_add(&c->old, name, NAME);
		}
		buf_free(&c->after);
		buf_add(&c->after, c->before.data, c->before.len);
	}
	remove_old(c);
	sync_folder(c);
	if (!ok) {
		buf_free(&c->old);
		c->old = old;
	}
	return ok;
}

bool list_replace(const struct jwks_source *source, const struct jwks_key *keys,
		  size_t count, bool *changed, struct buf *why)
{
	struct change c = { .source = source, .why = why };
	unsigned char hash[SECRET_HASH_SIZE];
	const char *slash = strrchr(source->list, '/');
	bool ok;

	secret_hash(source->name, hash);
	memcpy(c.mark, "jwks-", 5);
	hex_print(c.mark + 5, hash, 4);
	c.mark[MARK - 1] = '-';
	buf_add(&c.folder, source->list,
		slash ? (size_t)(slash - source->list) + 1 : 0);
	ok = read_list(&c);
	if (ok) {
		keep_lines(&c);
		add_lines(&c, keys, count);
		*changed = c.before.len != c.after.len ||
			   memcmp(c.before.data, c.after.data, c.after.len);
		ok = !*changed || source->is_trial ||
		     carry_out(&c, keys, count);
	}
	buf_free(&c.folder);
	buf_free(&c.before);
	buf_free(&c.old);
	buf_free(&c.after);
	return ok;
}
