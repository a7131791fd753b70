/* url: which links rich text may have. */
#ifndef CONFAB_TEXT_URL_H
#define CONFAB_TEXT_URL_H

#include <stdbool.h>

#include "text/html.h"

/* Whether a href, as it stands in the source, is relative or has an allowed
 * scheme: http, https, mailto. Nothing is decoded. If a colon, or anything that
 * may be one, comes before the path, the text before it has to be exactly such
 * a scheme. */
bool address_allowed(struct html_span address);

#endif
