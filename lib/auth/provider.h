/* provider: what each kind of credential has to tell identity. A new kind is a
 * file with a check, declared here, and a row in the table of identity.c. */
#ifndef CONFAB_AUTH_PROVIDER_H
#define CONFAB_AUTH_PROVIDER_H

#include "auth/identity.h"
#include "auth/jwt.h"

struct identity_rules {
	struct jwt_keys *keys; /* NULL: the host application has none */
	struct jwt_rules jwt;
	bool trust_remote_user;
};

/* Whether text is a credential of this kind. Then token_hash is filled in, and
 * external when somebody else vouches for it; what else is in out stays. */
typedef bool provider_check(struct identity *out,
			    const struct identity_rules *rules,
			    const char *text);

/* provider_token.c: our own tokens, and tickets */
provider_check provider_token, provider_ticket;

/* provider_jwt.c: the host application's tokens */
provider_check provider_jwt;

/* provider_remote_user.c: the web server's own authentication */
provider_check provider_remote_user;

/* SHA-256 of text after a word that is part of no token. */
void provider_hash_apart(const char *word, const char *text,
			 unsigned char out[SECRET_HASH_SIZE]);

#endif
