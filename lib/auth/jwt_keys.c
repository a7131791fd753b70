/* jwt_keys: the keys that check tokens, read from the operator's files when a
 * program starts and when the list has changed. Owns the keys. */
#include "auth/jwt_keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/logger.h"
#include "base/xalloc.h"

enum {
	SECRET_LEAST = 32, /* bytes: RFC 7518 section 3.2 */
	SECRET_MOST = 1024,
	RSA_LEAST = 2048, /* bits: section 3.3 */
	KEYS_MOST = 64,
	LOOK_EVERY = 5000,    /* ms */
	KEY_LIMIT = 65536,    /* bytes of the file of a key, */
	LIST_LIMIT = 1 << 20, /* of the list */
};

const char *const JWT_ALGORITHM_NAMES[JWT_ALGORITHMS] = {
	[JWT_HS256] = "HS256",
	[JWT_RS256] = "RS256",
	[JWT_ES256] = "ES256",
	[JWT_EDDSA] = "EdDSA",
};

static bool find_algorithm(const char *name, enum jwt_algorithm *out)
{
	for (int i = 0; i < JWT_ALGORITHMS; i++)
		if (!strcmp(JWT_ALGORITHM_NAMES[i], name)) {
			*out = (enum jwt_algorithm)i;
			return true;
		}
	return false;
}

static void free_key(struct jwt_key *key)
{
	free(key->kid);
	free(key->issuer);
	EVP_PKEY_free(key->public_key);
	if (key->secret)
		OPENSSL_cleanse(key->secret, key->secret_len);
	free(key->secret);
}

void jwt_keys_free(struct jwt_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++)
		free_key(&keys->list[i]);
	free(keys->list);
	free(keys->path);
	free(keys);
}

const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys,
				    const char *kid)
{
	if (!kid)
		return keys->count == 1 ? &keys->list[0] : NULL;
	for (size_t i = 0; i < keys->count; i++)
		if (!strcmp(keys->list[i].kid, kid))
			return &keys->list[i];
	return NULL;
}

static const char *read_secret(struct jwt_key *key, const struct buf *file)
{
	size_t len = file->len;

	while (len && strchr("\r\n", file->data[len - 1]))
		len--;
	if (len > SECRET_MOST)
		return "the secret has more than 1024 bytes";
	if (len < SECRET_LEAST)
		return "the secret has less than 32 bytes";
	key->secret = xcalloc(1, len);
	key->secret_len = len;
	memcpy(key->secret, file->data, len);
	return NULL;
}

static EVP_PKEY *read_pem(const struct buf *file)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return key;
}

/* Reads a public key. The key fixes the algorithm; a key that fits another is
 * refused. */
static const char *read_public(struct jwt_key *key, const struct buf *file)
{
	char curve[32] = "";

	key->public_key = file->len ? read_pem(file) : NULL;
	if (!key->public_key)
		return "no public key in PEM format";
	if (key->algorithm == JWT_RS256)
		return EVP_PKEY_get_base_id(key->public_key) != EVP_PKEY_RSA
			       ? "RS256 needs an RSA key"
		       : EVP_PKEY_get_bits(key->public_key) < RSA_LEAST
			       ? "an RSA key needs at least 2048 bits"
			       : NULL;
	if (key->algorithm == JWT_EDDSA)
		return EVP_PKEY_get_base_id(key->public_key) != EVP_PKEY_ED25519
			       ? "EdDSA needs an Ed25519 key"
			       : NULL;
	if (EVP_PKEY_get_base_id(key->public_key) != EVP_PKEY_EC ||
	    !EVP_PKEY_get_group_name(key->public_key, curve, sizeof(curve),
				     NULL) ||
	    strcmp(curve, "prime256v1") != 0)
		return "ES256 needs a key on the curve P-256";
	return NULL;
}

/* Reads the file of a key. False with a sentence in why. */
static bool read_key(struct jwt_key *key, const char *list, const char *name,
		     struct buf *why)
{
	const char *slash = strrchr(list, '/'), *wrong;
	struct buf path = { 0 }, file = { 0 }, reason = { 0 };

	if (*name != '/' && slash)
		buf_add(&path, list, (size_t)(slash - list) + 1);
	buf_add_text(&path, name);
	if (!file_read(&file, buf_text(&path), KEY_LIMIT, &reason))
		wrong = buf_text(&reason);
	else if (key->algorithm == JWT_HS256)
		wrong = read_secret(key, &file);
	else
		wrong = read_public(key, &file);
	if (wrong)
		buf_addf(why, "%s: %s", buf_text(&path), wrong);
	if (file.data)
		OPENSSL_cleanse(file.data, file.cap);
	buf_free(&file);
	buf_free(&path);
	buf_free(&reason);
	return !wrong;
}

/* Reads one line of the list. False with a sentence in why. */
static bool read_line(struct jwt_keys *keys, const char *list, char *line,
		      struct buf *why)
{
	static const char blank[] = " \t\r\n";
	char *rest, *kid = strtok_r(line, blank, &rest);
	char *algorithm = strtok_r(NULL, blank, &rest);
	char *name = strtok_r(NULL, blank, &rest);
	char *issuer = strtok_r(NULL, blank, &rest);
	struct jwt_key *key = &keys->list[keys->count];

	if (!kid || *kid == '#')
		return true;
	if (!name || strtok_r(NULL, blank, &rest)) {
		buf_add_text(why, "a line is \"KID ALGORITHM FILE [ISSUER]\"");
		return false;
	}
	if (keys->count == KEYS_MOST) {
		buf_addf(why, "there are more than %d keys", KEYS_MOST);
		return false;
	}
	for (size_t i = 0; i < keys->count; i++)
		if (!strcmp(keys->list[i].kid, kid)) {
			buf_addf(why, "there is a key \"%s\" already", kid);
			return false;
		}
	if (!find_algorithm(algorithm, &key->algorithm)) {
		buf_addf(why, "\"%s\" is not HS256, RS256, ES256 or EdDSA",
			 algorithm);
		return false;
	}
	keys->count++;
	key->kid = xstrdup(kid);
	key->issuer = issuer ? xstrdup(issuer) : NULL;
	return read_key(key, list, name, why);
}

/* Reads the list. False with a sentence in why. */
static bool read_list(struct jwt_keys *keys, struct buf *why)
{
	struct buf text = { 0 }, reason = { 0 };
	char *rest = NULL, *line;
	bool ok = stat(keys->path, &keys->is) == 0;

	if (!ok)
		buf_add_text(&reason, strerror(errno));
	ok = ok && file_read_text(&text, keys->path, LIST_LIMIT, &reason);
	if (ok)
		rest = text.data;
	else
		buf_addf(why, "%s: %s", keys->path, buf_text(&reason));
	for (int n = 1; ok && (line = strsep(&rest, "\n")); n++) {
		ok = read_line(keys, keys->path, line, &reason);
		if (!ok)
			buf_addf(why, "%s:%d: %s", keys->path, n,
				 buf_text(&reason));
	}
	if (ok && !keys->count) {
		buf_addf(why, "%s: no key", keys->path);
		ok = false;
	}
	buf_free(&text);
	buf_free(&reason);
	return ok;
}

struct jwt_keys *jwt_keys_load(const char *path, struct buf *why)
{
	struct jwt_keys *keys = xcalloc(1, sizeof(*keys));

	keys->list = xcalloc(KEYS_MOST + 1, sizeof(*keys->list));
	keys->path = xstrdup(path);
	keys->looked_at = clock_ms();
	if (read_list(keys, why))
		return keys;
	jwt_keys_free(keys);
	return NULL;
}

void jwt_keys_refresh(struct jwt_keys *keys)
{
	struct jwt_keys *fresh;
	struct buf why = { 0 };
	struct stat is;

	if (clock_ms() - keys->looked_at < LOOK_EVERY)
		return;
	keys->looked_at = clock_ms();
	if (stat(keys->path, &is) < 0 ||
	    (is.st_ino == keys->is.st_ino && is.st_size == keys->is.st_size &&
	     is.st_mtim.tv_sec == keys->is.st_mtim.tv_sec &&
	     is.st_mtim.tv_nsec == keys->is.st_mtim.tv_nsec))
		return;
	fresh = jwt_keys_load(keys->path, &why);
	if (fresh) {
		struct jwt_keys old = *keys;

		*keys = *fresh;
		*fresh = old;
		logger(LEVEL_INFO, "jwt_keys", "count=%zu", keys->count);
	} else {
		keys->is = is; /* it is said once */
		logger(LEVEL_ERROR, "jwt_keys", "why=\"%s\"", buf_text(&why));
	}
	jwt_keys_free(fresh);
	buf_free(&why);
}
