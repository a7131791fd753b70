/* requirements: see requirements.h. Called when a program starts; owns
 * nothing. */
#include "auth/requirements.h"

#include "auth/jwt.h"
#include "pg/conninfo.h"

static bool check_keys(const char *path, struct buf *why)
{
	struct buf reason = { 0 };
	struct jwt_keys *keys = jwt_keys_load(path, &reason);

	if (!keys)
		buf_addf(why, "jwt_keys: %s", buf_text(&reason));
	jwt_keys_free(keys);
	buf_free(&reason);
	return keys != NULL;
}

bool requirements_check(const struct config *config, struct buf *why)
{
	return pg_conninfo_check(config->database, why) &&
	       (!*config->jwt_keys || check_keys(config->jwt_keys, why));
}
