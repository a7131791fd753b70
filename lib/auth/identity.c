/* identity: who is asking, by what, and whether the request may use it. Called
 * at the start of every request; owns nothing but the keys it was given. */
#include "auth/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/jwt.h"
#include "auth/query.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "base/xalloc.h"

enum {
	TOKEN_LENGTH = 43, /* base64url of 32 bytes */
};

struct identity_rules {
	struct jwt_keys *keys; /* NULL: the host application has none */
	struct jwt_rules jwt;
	bool trust_remote_user;
};

struct identity_rules *identity_rules_create(const struct config *config)
{
	struct identity_rules *rules = xcalloc(1, sizeof(*rules));
	struct buf why = { 0 };

	rules->trust_remote_user = config->trust_remote_user;
	rules->jwt.issuer = config->jwt_issuer;
	rules->jwt.audience = config->jwt_audience;
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

/* Whether text is a token of ours, and nothing else. */
static bool is_token(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";

	return strspn(text, alphabet) == TOKEN_LENGTH &&
	       text[TOKEN_LENGTH] == '\0';
}

/* SHA-256 of text behind a word that is part of no token. */
static void hash_apart(const char *word, const char *text,
		       unsigned char out[SECRET_HASH_SIZE])
{
	struct buf both = { 0 };

	buf_addf(&both, "%s %s", word, text);
	secret_hash(buf_text(&both), out);
	buf_free(&both);
}

void identity_ticket_hash(const char *ticket, unsigned char out[32])
{
	hash_apart("ticket", ticket, out);
}

/* Copies the texts among the claims that fill an account; SQL cuts them. */
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

static void take_jwt(struct identity *out, const struct identity_rules *rules,
		     enum identity_source source, const char *token)
{
	struct buf issuer = { 0 };
	struct external *who;
	const char *why;
	struct jwt jwt;

	if (!jwt_verify(&jwt, &rules->jwt, token, time(NULL), &why)) {
		logger(LEVEL_DEBUG, "jwt", "why=\"%s\"", why);
		return;
	}
	out->source = source;
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
}

static void take(struct identity *out, const struct identity_rules *rules,
		 enum identity_source source, const char *token)
{
	if (is_token(token)) {
		out->source = source;
		secret_hash(token, out->token_hash);
	} else if (rules->keys && source != IDENTITY_COOKIE &&
		   jwt_is_shaped(token)) {
		take_jwt(out, rules, source, token);
	}
}

static void take_ticket(struct identity *out, const char *ticket)
{
	if (!is_token(ticket))
		return;
	out->source = IDENTITY_TICKET;
	identity_ticket_hash(ticket, out->token_hash);
}

/* The web server has asked who it is, and keeps asking: the log-in has no
 * secret of its own. */
static void take_remote_user(struct identity *out, const char *name)
{
	size_t len = strlen(name);
	struct buf profile = { 0 };

	if (!len || len >= IDENTITY_TEXT || !utf8_valid(name, len))
		return;
	out->source = IDENTITY_SERVER;
	hash_apart("remote_user", name, out->token_hash);
	out->external = xcalloc(1, sizeof(*out->external));
	out->external->issuer = xstrdup("remote_user");
	out->external->subject = xstrdup(name);
	buf_add_text(&profile, "{\"username\":");
	json_quote(&profile, name, len);
	buf_add_text(&profile, "}");
	out->external->profile = xstrdup(buf_text(&profile));
	buf_free(&profile);
}

/* What stands behind "Bearer ", NULL when it is another scheme (a web server's
 * Basic authentication lives beside our cookie). */
static const char *bearer(const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer", 6) != 0)
		return NULL;
	authorization += 6;
	if (*authorization != ' ' && *authorization != '\0')
		return NULL;
	return authorization + strspn(authorization, " ");
}

void identity_find(struct identity *out, const struct identity_rules *rules,
		   bool stream, identity_param *param, void *request)
{
	const char *token = bearer(param(request, "HTTP_AUTHORIZATION"));
	const char *query = stream ? param(request, "QUERY_STRING") : NULL;
	const char *name = identity_cookie_name(param, request);
	const char *user = param(request, "REMOTE_USER");
	char text[JWT_LIMIT + 1];

	*out = (struct identity){ .source = IDENTITY_NONE };
	if (token)
		take(out, rules, IDENTITY_BEARER, token);
	else if (query_get(query, "token", text, sizeof(text)))
		take(out, rules, IDENTITY_QUERY, text);
	else if (query_get(query, "ticket", text, sizeof(text)))
		take_ticket(out, text);
	else if (query_cookie(param(request, "HTTP_COOKIE"), name, text,
			      sizeof(text)))
		take(out, rules, IDENTITY_COOKIE, text);
	else if (user && rules->trust_remote_user)
		take_remote_user(out, user);
}

void identity_from_bridge(struct identity *out, const char *token_hash)
{
	size_t len = sizeof(out->token_hash);

	*out = (struct identity){ .source = IDENTITY_NONE };
	if (strspn(token_hash, "0123456789abcdef") != len * 2 ||
	    token_hash[len * 2] != '\0')
		return;
	for (size_t i = 0; i < len; i++) {
		const char digits[] = { token_hash[i * 2],
					token_hash[i * 2 + 1], '\0' };

		out->token_hash[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
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
	/* Cut between characters. */
	while (len && text[len] != '\0' &&
	       ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	if (!len || !utf8_valid(text, len))
		return NULL;
	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

static bool is_https(identity_param *param, void *request)
{
	const char *https = param(request, "HTTPS");
	const char *scheme = param(request, "REQUEST_SCHEME");

	if (https && *https && strcasecmp(https, "off") != 0)
		return true;
	return scheme && strcasecmp(scheme, "https") == 0;
}

const char *identity_cookie_name(identity_param *param, void *request)
{
	return is_https(param, request) ? "__Host-confab" : "confab";
}

static bool is_listed(const char *list, const char *origin)
{
	size_t len = strlen(origin), word;

	for (list += strspn(list, " \t"); *list; list += strspn(list, " \t")) {
		word = strcspn(list, " \t");
		if (word == len && strncasecmp(list, origin, len) == 0)
			return true;
		list += word;
	}
	return false;
}

/* Whether an Origin is the host the request was sent to. A web server behind a
 * TLS proxy may take the request for plain http, so an https origin passes
 * there; never an http origin on https. */
static bool is_same_host(const char *origin, const char *host, bool https)
{
	const char *port;
	size_t len;

	if (!host || !*host)
		return false;
	if (strncasecmp(origin, "https://", 8) == 0) {
		origin += 8;
		port = ":443";
	} else if (!https && strncasecmp(origin, "http://", 7) == 0) {
		origin += 7;
		port = ":80";
	} else {
		return false;
	}
	/* An Origin never names its scheme's own port; a Host header may. */
	len = strlen(host);
	if (len > strlen(port) && strcmp(host + len - strlen(port), port) == 0)
		len -= strlen(port);
	return strlen(origin) == len && strncasecmp(origin, host, len) == 0;
}

static bool is_origin_allowed(const struct config *config, bool strict,
			      identity_param *param, void *request)
{
	const char *site = param(request, "HTTP_SEC_FETCH_SITE");
	const char *origin = param(request, "HTTP_ORIGIN");

	if (site && strcmp(site, "same-origin") == 0)
		return true;
	if (origin && *origin)
		return is_listed(config->allowed_origins, origin) ||
		       is_same_host(origin, param(request, "HTTP_HOST"),
				    is_https(param, request));
	return !site && !strict;
}

bool identity_origin_allowed(const struct config *config, bool strict,
			     identity_param *param, void *request,
			     const char **why)
{
	bool allowed = is_origin_allowed(config, strict, param, request);

	*why = allowed ? NULL : "This origin is not allowed.";
	return allowed;
}

enum confab_error identity_check(const struct identity *identity,
				 const struct config *config,
				 enum identity_use use, identity_param *param,
				 void *request, const char **why)
{
	*why = NULL;
	if (identity->source == IDENTITY_NONE)
		return ERROR_UNAUTHENTICATED;
	if (use == IDENTITY_READ || !is_ambient(identity) ||
	    identity_origin_allowed(config, use == IDENTITY_CHANGE, param,
				    request, why))
		return ERROR_NONE;
	return ERROR_DENIED;
}
