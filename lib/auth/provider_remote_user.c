/* provider_remote_user: users whom the web server has authenticated. It does so
 * at each request, so the log-in needs no secret of its own. Called by
 * identity; stateless. */
#include <string.h>

#include "auth/provider.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/xalloc.h"

bool provider_remote_user(struct identity *out,
			  const struct identity_rules *rules, const char *name)
{
	size_t len = strlen(name);
	struct buf profile = { 0 };

	if (!rules->trust_remote_user || !len || len >= IDENTITY_TEXT ||
	    !utf8_valid(name, len))
		return false;
	provider_hash_apart("remote_user", name, out->token_hash);
	out->external = xcalloc(1, sizeof(*out->external));
	out->external->issuer = xstrdup("remote_user");
	out->external->subject = xstrdup(name);
	buf_add_text(&profile, "{\"username\":");
	json_quote(&profile, name, len);
	buf_add_text(&profile, "}");
	out->external->profile = xstrdup(buf_text(&profile));
	buf_free(&profile);
	return true;
}
