/* url: where may a link in rich text lead? */
#ifndef CONFAB_TEXT_URL_H
#define CONFAB_TEXT_URL_H

#include <stdbool.h>

#include "text/html.h"

/* Whether the value of a href, as it stands in the source, is relative or has a
 * scheme that is allowed: http, https, mailto. Nothing is decoded: where a
 * colon, or what may be one, comes before the path, what is before it has to
 * be such a scheme to the letter. */
bool address_allowed(struct html_span address);

#endif
