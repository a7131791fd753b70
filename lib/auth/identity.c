/* identity: finds the credential of a request and decides whether the request
 * may use it. Called at the start of every request; owns nothing but its
 * keys. */
#include "auth/identity.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/provider.h"
#include "auth/query.h"
#include "base/hex.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "base/xalloc.h"

/* Size of a credential's copy, in bytes. */
enum {
	CREDENTIAL = JWT_LIMIT + 1
};

struct identity_rules *identity_rules_create(const struct config *config)
{
	struct identity_rules *rules = xcalloc(1, sizeof(*rules));
	struct buf why = { 0 };

	rules->trust_remote_user = config->trust_remote_user;
	rules->jwt.issuer = config->jwt_issuer;
	rules->jwt.audience = config->jwt_audience;
	rules->jwt.subject = config->jwt_subject;
	if (*config->jwt_keys) {
		rules->keys = jwt_keys_load(config->jwt_keys, &why);
		rules->jwt.keys = rules->keys;
	}
	if (why.len) {
		logger(LEVEL_ERROR, "start", "option=jwt_keys why=\"%s\"",
		       buf_text(&why));
		exit(2);
	}
	return rules;
}

void identity_rules_free(struct identity_rules *rules)
{
	if (!rules)
		return;
	jwt_keys_free(rules->keys);
	free(rules);
}

/* The token after "Bearer ". NULL for another scheme: a web server's Basic
 * authentication may stand beside our cookie. */
static const char *bearer_token(const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer", 6) != 0)
		return NULL;
	authorization += 6;
	if (*authorization != ' ' && *authorization != '\0')
		return NULL;
	return authorization + strspn(authorization, " ");
}

static const char *read_bearer(identity_param *param, void *request, char *copy)
{
	(void)copy;
	return bearer_token(param(request, "HTTP_AUTHORIZATION"));
}

static const char *read_query(identity_param *param, void *request,
			      const char *name, char *copy)
{
	const char *query = param(request, "QUERY_STRING");

	return query_get(query, name, copy, CREDENTIAL) ? copy : NULL;
}

static const char *read_query_token(identity_param *param, void *request,
				    char *copy)
{
	return read_query(param, request, "token", copy);
}

static const char *read_query_ticket(identity_param *param, void *request,
				     char *copy)
{
	return read_query(param, request, "ticket", copy);
}

static const char *read_cookie(identity_param *param, void *request, char *copy)
{
	const char *name = identity_cookie_name(param, request);

	return query_cookie(param(request, "HTTP_COOKIE"), name, copy,
			    CREDENTIAL)
		       ? copy
		       : NULL;
}

static const char *read_remote_user(identity_param *param, void *request,
				    char *copy)
{
	(void)copy;
	return param(request, "REMOTE_USER");
}

/* A stream may carry credentials in its address, as a browser can set no header
 * for it. */
enum request_kind {
	REQUEST_ANY,
	REQUEST_STREAM
};

/* The places of credentials and the kinds that each may hold, strongest first.
 * A place that may hold several kinds has several rows. */
static const struct {
	enum identity_source source;
	enum request_kind least;
	/* Reads the credential as the request carries it; NULL for none. It may
	 * be copied to copy, which has room for CREDENTIAL bytes. */
	const char *(*read)(identity_param *param, void *request, char *copy);
	provider_check *check;
} PROVIDERS[] = {
	{ IDENTITY_BEARER, REQUEST_ANY, read_bearer, provider_token },
	{ IDENTITY_BEARER, REQUEST_ANY, read_bearer, provider_jwt },
	{ IDENTITY_QUERY, REQUEST_STREAM, read_query_token, provider_token },
	{ IDENTITY_QUERY, REQUEST_STREAM, read_query_token, provider_jwt },
	{ IDENTITY_TICKET, REQUEST_STREAM, read_query_ticket, provider_ticket },
	{ IDENTITY_COOKIE, REQUEST_ANY, read_cookie, provider_token },
	{ IDENTITY_SERVER, REQUEST_ANY, read_remote_user,
	  provider_remote_user },
};

static void find_credential(struct identity *out,
			    const struct identity_rules *rules,
			    enum request_kind kind, identity_param *param,
			    void *request)
{
	enum identity_source found = IDENTITY_NONE;
	char copy[CREDENTIAL];

	*out = (struct identity){ .source = IDENTITY_NONE };
	for (size_t i = 0; i < sizeof(PROVIDERS) / sizeof(PROVIDERS[0]); i++) {
		enum identity_source source = PROVIDERS[i].source;
		const char *text = NULL;

		if (found != IDENTITY_NONE && found != source)
			return;
		if (kind >= PROVIDERS[i].least)
			text = PROVIDERS[i].read(param, request, copy);
		if (!text)
			continue;
		found = source;
		if (PROVIDERS[i].check(out, rules, text)) {
			out->source = source;
			return;
		}
	}
}

void identity_find(struct identity *out, const struct identity_rules *rules,
		   identity_param *param, void *request)
{
	find_credential(out, rules, REQUEST_ANY, param, request);
}

void identity_find_stream(struct identity *out,
			  const struct identity_rules *rules,
			  identity_param *param, void *request)
{
	find_credential(out, rules, REQUEST_STREAM, param, request);
}

void identity_from_bridge(struct identity *out, const char *token_hash)
{
	*out = (struct identity){ .source = IDENTITY_NONE };
	if (hex_parse(out->token_hash, sizeof(out->token_hash), token_hash))
		out->source = IDENTITY_BRIDGE;
}

void identity_free(struct identity *identity)
{
	struct external *external = identity->external;

	if (!external)
		return;
	free(external->issuer);
	free(external->subject);
	free(external->profile);
	free(external);
	identity->external = NULL;
}

/* Whether a browser adds the credential by itself. */
static bool is_ambient(const struct identity *identity)
{
	return identity->source == IDENTITY_COOKIE ||
	       identity->source == IDENTITY_SERVER;
}

const char *identity_text(identity_param *param, void *request,
			  const char *name, char out[IDENTITY_TEXT])
{
	const char *text = param(request, name);
	size_t len = text ? strlen(text) : 0;

	if (len >= IDENTITY_TEXT)
		len = IDENTITY_TEXT - 1;
	/* Cut at a character's border. */
	while (len && text[len] != '\0' &&
	       ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	if (!len || !utf8_valid(text, len))
		return NULL;
	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

const char *identity_cookie_name(identity_param *param, void *request)
{
	return origin_is_https(param, request) ? "__Host-confab" : "confab";
}

enum confab_error identity_check(const struct identity *identity,
				 const struct config *config,
				 enum identity_use use, identity_param *param,
				 void *request, const char **why)
{
	bool allowed;

	*why = NULL;
	if (identity->source == IDENTITY_NONE)
		return ERROR_UNAUTHENTICATED;
	if (use == IDENTITY_READ || !is_ambient(identity))
		return ERROR_NONE;
	allowed = use == IDENTITY_CHANGE
			  ? origin_is_proven(config, param, request)
			  : origin_is_allowed(config, param, request);
	if (allowed)
		return ERROR_NONE;
	*why = IDENTITY_OTHER_ORIGIN;
	return ERROR_DENIED;
}
