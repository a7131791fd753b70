/* provider: the check of each kind of credential for identity. A new kind is a
 * file with a check, declared here, and a row in the table of identity.c. */
#ifndef CONFAB_AUTH_PROVIDER_H
#define CONFAB_AUTH_PROVIDER_H

#include "auth/identity.h"
#include "auth/jwt.h"

struct identity_rules {
	struct jwt_keys *keys; /* NULL: no keys are configured */
	struct jwt_rules jwt;
	bool trust_remote_user;
};

/* Whether text is a credential of this kind. If so, fills in token_hash, and
 * external when a third party vouches for it. Changes nothing else in out. */
typedef bool provider_check(struct identity *out,
			    const struct identity_rules *rules,
			    const char *text);

/* provider_token.c: our own tokens and tickets */
provider_check provider_token, provider_ticket;

/* provider_jwt.c: tokens of the host application */
provider_check provider_jwt;

/* provider_remote_user.c: authentication by the web server */
provider_check provider_remote_user;

/* SHA-256 of text with a word before it that no token contains. */
void provider_hash_apart(const char *word, const char *text,
			 unsigned char out[SECRET_HASH_SIZE]);

#endif
