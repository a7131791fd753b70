/* origin: the page that a request comes from, and whether it is allowed. */
#ifndef CONFAB_AUTH_ORIGIN_H
#define CONFAB_AUTH_ORIGIN_H

#include <stdbool.h>

#include "base/config.h"

/* A CGI variable of the request (HTTP_COOKIE, QUERY_STRING ...), or NULL. */
typedef const char *identity_param(void *request, const char *name);

/* Whether the request came over https, as far as the web server knows. */
bool origin_is_https(identity_param *param, void *request);

/* Whether the request's Origin (or Sec-Fetch-Site) is this site's or is listed
 * in allowed_origins. A request with neither header is allowed. */
bool origin_is_allowed(const struct config *config, identity_param *param,
		       void *request);

/* As origin_is_allowed(), but a request with neither header is refused. */
bool origin_is_proven(const struct config *config, identity_param *param,
		      void *request);

#endif
