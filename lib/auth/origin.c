/* origin: the page that a request comes from. Called for requests whose
 * credential a browser may have added by itself; stateless. */
#include "auth/origin.h"

#include <string.h>
#include <strings.h>

bool origin_is_https(identity_param *param, void *request)
{
	const char *https = param(request, "HTTPS");
	const char *scheme = param(request, "REQUEST_SCHEME");

	if (https && *https && strcasecmp(https, "off") != 0)
		return true;
	return scheme && strcasecmp(scheme, "https") == 0;
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

/* Whether an Origin is the host that the request was sent to. A web server
 * behind a TLS proxy may take the request for plain http, so an https origin
 * passes there. An http origin never passes on https. */
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
	/* An Origin omits its scheme's default port; a Host header may name
	 * it. */
	len = strlen(host);
	if (len > strlen(port) && strcmp(host + len - strlen(port), port) == 0)
		len -= strlen(port);
	return strlen(origin) == len && strncasecmp(origin, host, len) == 0;
}

enum origin_verdict {
	ORIGIN_FOREIGN,
	ORIGIN_ABSENT, /* the request says nothing about its origin */
	ORIGIN_OURS
};

static enum origin_verdict check_origin(const struct config *config,
					identity_param *param, void *request)
{
	const char *site = param(request, "HTTP_SEC_FETCH_SITE");
	const char *origin = param(request, "HTTP_ORIGIN");

	if (site && strcmp(site, "same-origin") == 0)
		return ORIGIN_OURS;
	if (!origin || !*origin)
		return site ? ORIGIN_FOREIGN : ORIGIN_ABSENT;
	return is_listed(config->allowed_origins, origin) ||
			       is_same_host(origin, param(request, "HTTP_HOST"),
					    origin_is_https(param, request))
		       ? ORIGIN_OURS
		       : ORIGIN_FOREIGN;
}

bool origin_is_allowed(const struct config *config, identity_param *param,
		       void *request)
{
	return check_origin(config, param, request) != ORIGIN_FOREIGN;
}

bool origin_is_proven(const struct config *config, identity_param *param,
		      void *request)
{
	return check_origin(config, param, request) == ORIGIN_OURS;
}
