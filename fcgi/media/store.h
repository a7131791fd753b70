/* store: files by their content, below one directory:
 *
 *   tmp/ID         an upload on its way, locked by the process that writes it
 *   ab/cd/HASH.ID  what is kept; HASH begins with abcd
 *
 * Files come and go by rename and unlink alone: whoever has one open reads it
 * to its end. */
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
	unsigned char hash[SECRET_HASH_SIZE]; /* once it is finished */
};

/* Makes the directory if it is not there. False, with errno, when no file can
 * be written in it. */
bool store_prepare(const char *directory) __attribute__((warn_unused_result));

/* All of these are false, with errno, when the disk does not do its part. */
bool spool_open(struct spool *out, const char *directory)
	__attribute__((warn_unused_result));
bool spool_add(struct spool *spool, const char *bytes, size_t len)
	__attribute__((warn_unused_result));

/* Nothing is added any more; the content is on the disk. */
bool spool_finish(struct spool *spool) __attribute__((warn_unused_result));

/* Puts the file in its place, where it survives a crash; the spool is closed
 * then. id: as store_path(). */
bool spool_place(struct spool *spool, const char *directory, const char *id)
	__attribute__((warn_unused_result));

/* Closes it and removes what was written. */
void spool_discard(struct spool *spool);

/* Appends "ab/cd/HASH.ID". hash: 64 hexadecimal digits; id: a number as text,
 * which tells apart what was stored, removed and stored again. */
void store_path(struct buf *out, const char *hash, const char *id);

/* False when it is there still. */
bool store_remove(const char *directory, const char *hash, const char *id);

/* Removes what processes that died have left in tmp. */
void store_sweep(const char *directory);

#endif
