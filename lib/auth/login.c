/* login: records in the database a log-in that a third party vouches for.
 * Called by every program that faces clients; owns nothing.
 *
 * C checks a signature at each request, so removing a key ends the log-ins that
 * it has signed. The database records a log-in once: a row of confab.login
 * holds the hash and the token's expiry. From then on commands, streams, whoami
 * and log-out ask by hash and need not know where a log-in came from. */
#include "auth/login.h"

#include "base/crypto.h"

const struct pg_statement LOGIN_EXTERNAL = {
	"login_external", "select confab.login_external($1, $2, $3::jsonb,"
			  " to_timestamp($4::bigint), $5::bytea, $6, $7)"
};

void login_params(const struct identity *identity, const char *user_agent,
		  const char *address, struct pg_param out[LOGIN_PARAMS])
{
	const struct external *external = identity->external;
	const char *end = external->expires_at;

	out[0] = (struct pg_param){ .data = external->issuer };
	out[1] = (struct pg_param){ .data = external->subject };
	out[2] = (struct pg_param){ .data = external->profile };
	out[3] = (struct pg_param){ .data = *end ? end : NULL };
	out[4] = (struct pg_param){ .data = (const char *)identity->token_hash,
				    .len = SECRET_HASH_SIZE,
				    .binary = true };
	out[5] = (struct pg_param){ .data = user_agent };
	out[6] = (struct pg_param){ .data = address };
}

enum pg_status login_exchange(struct pg *pg, const struct identity *identity,
			      identity_param *param, void *request)
{
	char agent[IDENTITY_TEXT], address[IDENTITY_TEXT];
	struct pg_param params[LOGIN_PARAMS];
	struct pg_result *result = NULL;
	enum pg_status status;

	login_params(identity,
		     identity_text(param, request, "HTTP_USER_AGENT", agent),
		     identity_text(param, request, "REMOTE_ADDR", address),
		     params);
	status = pg_ask(pg, &LOGIN_EXTERNAL, LOGIN_PARAMS, params, NULL,
			&result);
	pg_result_free(result);
	return status;
}
