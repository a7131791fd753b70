/* login: tells the database of a log-in that somebody else vouches for. */
#ifndef CONFAB_AUTH_LOGIN_H
#define CONFAB_AUTH_LOGIN_H

#include "auth/identity.h"
#include "pg/sync.h"

enum {
	LOGIN_PARAMS = 7
};

/* Makes the log-in known: after it the token_hash is a log-in like any other,
 * unless it was ended or the account is disabled. A look when it is there
 * already. */
extern const struct pg_statement LOGIN_EXTERNAL;

/* Its parameters; they point into identity, whose external is not NULL, and to
 * the texts. user_agent and address may be NULL. */
void login_params(const struct identity *identity, const char *user_agent,
		  const char *address, struct pg_param out[LOGIN_PARAMS]);

/* Carries it out for a request, where one may wait. */
enum pg_status login_exchange(struct pg *pg, const struct identity *identity,
			      identity_param *param, void *request);

#endif
