/* login: records in the database a log-in that a third party vouches for. */
#ifndef CONFAB_AUTH_LOGIN_H
#define CONFAB_AUTH_LOGIN_H

#include "auth/identity.h"
#include "pg/sync.h"

enum {
	LOGIN_PARAMS = 7
};

/* Records the log-in. After it the token_hash is a log-in like any other,
 * unless it was ended or the account is disabled. For a known log-in it only
 * reads. */
extern const struct pg_statement LOGIN_EXTERNAL;

/* Fills in the parameters of LOGIN_EXTERNAL. They point into identity, whose
 * external is not NULL, and to the texts. user_agent and address may be
 * NULL. */
void login_params(const struct identity *identity, const char *user_agent,
		  const char *address, struct pg_param out[LOGIN_PARAMS]);

/* Runs LOGIN_EXTERNAL for a request, where blocking is allowed. */
enum pg_status login_exchange(struct pg *pg, const struct identity *identity,
			      identity_param *param, void *request);

#endif
