/* store: files by their content, below one directory:
 *
 *   tmp/ID         an upload in progress, locked by the process that writes it
 *   ab/cd/HASH.ID  a stored file; HASH begins with abcd
 *
 * Files come and go by rename and unlink alone: a process that has one open
 * reads it to its end. */
#ifndef CONFAB_FCGI_MEDIA_STORE_H
#define CONFAB_FCGI_MEDIA_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/crypto.h"

/* A file that is being written. */
struct spool {
	int fd; /* -1: none */
	char *path;
	struct secret_digest *digest;
	long long size;
	unsigned char hash[SECRET_HASH_SIZE]; /* valid once it is finished */
};

/* Whether store_prepare() can make the directory, or write to it. What it makes
 * for that is removed again. False with a sentence in why. */
bool store_check(const char *directory, struct buf *why)
	__attribute__((warn_unused_result));

/* Makes the directory if it is missing. False, with errno, when it is not
 * writable. */
bool store_prepare(const char *directory) __attribute__((warn_unused_result));

/* The functions of a spool return false, with errno, when the disk fails. */
bool spool_open(struct spool *out, const char *directory)
	__attribute__((warn_unused_result));
bool spool_add(struct spool *spool, const char *bytes, size_t len)
	__attribute__((warn_unused_result));

/* Ends the content and syncs it to the disk. */
bool spool_finish(struct spool *spool) __attribute__((warn_unused_result));

/* Moves the file to its place, where it survives a crash, and closes the spool.
 * id: as in store_path(). */
bool spool_place(struct spool *spool, const char *directory, const char *id)
	__attribute__((warn_unused_result));

/* Closes a spool and removes its file. */
void spool_discard(struct spool *spool);

/* Appends "ab/cd/HASH.ID". hash: 64 hexadecimal digits. id: a number as text;
 * it tells apart content that was stored, removed and stored again. */
void store_path(struct buf *out, const char *hash, const char *id);

/* False when the file is still there. */
bool store_remove(const char *directory, const char *hash, const char *id);

/* Removes files in tmp that dead processes have left. */
void store_sweep(const char *directory);

#endif
