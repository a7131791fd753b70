/* identity: who is asking, by what, and whether the request may use it. Called
 * at the start of every request; owns nothing. */
#include "identity.h"

#include <string.h>
#include <strings.h>

#include "query.h"
#include "secret.h"

/* Whether text is a token, and nothing else. */
static bool is_token(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";

	return strspn(text, alphabet) == IDENTITY_TOKEN_LENGTH &&
	       text[IDENTITY_TOKEN_LENGTH] == '\0';
}

static void take(struct identity *out, enum identity_source source,
		 const char *token)
{
	if (!is_token(token))
		return;
	out->source = source;
	memcpy(out->token, token, sizeof(out->token));
	secret_hash(out->token, out->token_hash);
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

void identity_find(struct identity *out, bool stream, identity_param *param,
		   void *request)
{
	const char *token = bearer(param(request, "HTTP_AUTHORIZATION"));
	const char *name = identity_cookie_name(param, request);
	char text[256];

	*out = (struct identity){ .source = IDENTITY_NONE };
	if (token)
		take(out, IDENTITY_BEARER, token);
	else if (stream && query_get(param(request, "QUERY_STRING"), "token",
				     text, sizeof(text)))
		take(out, IDENTITY_QUERY, text);
	else if (query_cookie(param(request, "HTTP_COOKIE"), name, text,
			      sizeof(text)))
		take(out, IDENTITY_COOKIE, text);
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

bool identity_origin_allowed(const struct config *config, bool strict,
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
