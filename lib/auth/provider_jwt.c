/* provider_jwt: users for whom the host application vouches with a signed
 * token. Called by identity; stateless. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/provider.h"
#include "base/logger.h"
#include "base/xalloc.h"

/* Copies the claims that fill an account, where they are texts. SQL cuts
 * them. */
static char *profile_of(const struct json *claims)
{
	static const struct {
		const char *claim, *name;
	} fields[] = {
		{ "preferred_username", "username" },
		{ "email", "email" },
		{ "given_name", "first_name" },
		{ "family_name", "last_name" },
	};
	struct buf out = { 0 };
	const char *before = "{";
	char *profile;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct json *value = json_get(claims, fields[i].claim);

		if (json_kind(value) != JSON_STRING)
			continue;
		buf_addf(&out, "%s\"%s\":", before, fields[i].name);
		json_print(value, &out);
		before = ",";
	}
	buf_add_text(&out, *before == '{' ? "{}" : "}");
	profile = xstrdup(buf_text(&out));
	buf_free(&out);
	return profile;
}

bool provider_jwt(struct identity *out, const struct identity_rules *rules,
		  const char *text)
{
	struct buf issuer = { 0 };
	struct external *who;
	const char *why;
	struct jwt jwt;

	if (!rules->keys || !jwt_is_shaped(text))
		return false;
	jwt_keys_refresh(rules->keys);
	if (!jwt_verify(&jwt, &rules->jwt, text, time(NULL), &why)) {
		logger(LEVEL_DEBUG, "jwt", "why=\"%s\"", why);
		return false;
	}
	memcpy(out->token_hash, jwt.digest, sizeof(out->token_hash));
	out->external = who = xcalloc(1, sizeof(*who));
	buf_addf(&issuer, "jwt:%s", jwt.issuer);
	who->issuer = xstrdup(buf_text(&issuer));
	who->subject = xstrdup(jwt.subject);
	who->profile = profile_of(jwt.claims);
	snprintf(who->expires_at, sizeof(who->expires_at), "%lld",
		 (long long)jwt.expires_at + JWT_LEEWAY);
	buf_free(&issuer);
	jwt_free(&jwt);
	return true;
}
