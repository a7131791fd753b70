/* url: see url.h. Stateless. */
#include "text/url.h"

#include <string.h>

#include "text/escape.h"

static bool is_scheme_allowed(struct html_span scheme)
{
	return html_is_name(scheme, "http") || html_is_name(scheme, "https") ||
	       html_is_name(scheme, "mailto");
}

/* Whether the & at the start of text is itself, or one of the references that
 * we and browsers write. None of these can stand in a scheme. */
static bool is_ampersand_plain(const char *text, size_t len)
{
	static const char *const plain[] = { "&amp;", "&lt;", "&gt;", "&quot;",
					     "&nbsp;" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		size_t n = strlen(plain[i]);

		if (len >= n && memcmp(text, plain[i], n) == 0)
			return true;
	}
	return (len < 2 || text[1] != '#') && !escape_is_reference(text, len);
}

bool address_allowed(struct html_span address)
{
	const char *at = address.start, *end = at + address.len, *start;

	while (at < end && strchr(" \t\n", *at))
		at++;
	for (start = at; at < end; at++) {
		if (*at == ':')
			return is_scheme_allowed((struct html_span){
				start, (size_t)(at - start) });
		if (strchr("/?#\\", *at))
			return true; /* no scheme contains these */
		if (*at == '&' && !is_ampersand_plain(at, (size_t)(end - at)))
			return false;
	}
	return true;
}
