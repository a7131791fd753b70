/* content_type: the kind of a request's body, by its Content-Type. */
#include <string.h>
#include <strings.h>

#include "web/request.h"

static bool has_type(struct http *http, const char *name)
{
	const char *type = http_param(http, "CONTENT_TYPE");
	size_t len = strlen(name);

	return type && strncasecmp(type, name, len) == 0 &&
	       strchr("; \t", type[len]); /* or its end */
}

bool http_is_json(struct http *http)
{
	return has_type(http, "application/json");
}

bool http_is_form(struct http *http)
{
	return has_type(http, "application/x-www-form-urlencoded") ||
	       has_type(http, "multipart/form-data");
}
