/* jwks: shared by the files of confab-jwks, which makes keys for tokens of a
 * JSON Web Key Set (RFC 7517).
 *   main.c   the command line, the configuration
 *   fetch.c  reads the set from an address or a file
 *   key.c    one key of it, as PEM
 *   list.c   the list of keys that the programs read */
#ifndef CONFAB_TOOLS_JWKS_JWKS_H
#define CONFAB_TOOLS_JWKS_JWKS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"

enum {
	JWKS_LIMIT = 1 << 20, /* bytes of a set */
	JWKS_KEYS = 64,       /* keys of a set: as many as a list may have */
	JWKS_KID = 256,       /* bytes of a name */
	JWKS_PATIENCE = 30,   /* s for all of an answer */
};

/* Reads the set behind an address: https, or http of this machine; redirects
 * are not followed. Appends it to out. False with a sentence in why. */
bool fetch_address(struct buf *out, const char *address, struct buf *why)
	__attribute__((warn_unused_result));
/* Reads it from a file; "-" is standard input. */
bool fetch_file(struct buf *out, const char *path, struct buf *why)
	__attribute__((warn_unused_result));

/* A key that can check tokens. The texts are owned. */
struct jwks_key {
	char *kid;
	const char *algorithm; /* as the list has it */
	char *pem;
};

/* Makes a key of a member of a set's "keys". False with a sentence in why: it
 * is of a kind that is not used here, or unfit. */
bool key_read(struct jwks_key *out, const struct json *jwk, struct buf *why)
	__attribute__((warn_unused_result));
void key_free(struct jwks_key *key);

/* What one source has given: lines of the list whose files have its mark. */
struct jwks_source {
	const char *list;   /* the path of the list */
	const char *name;   /* the address or the path of the set */
	const char *issuer; /* NULL: keys without an issuer of their own */
	bool is_trial;      /* say what would change, and change nothing */
};

/* Replaces the lines of the source in the list, and their files: first come the
 * new files, then the list at once, then the old files go. Lines of others
 * stay. changed: whether there was anything to do. False with a sentence in
 * why, and the list is as it was. */
bool list_replace(const struct jwks_source *source, const struct jwks_key *keys,
		  size_t count, bool *changed, struct buf *why)
	__attribute__((warn_unused_result));

#endif
