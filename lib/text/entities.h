/* entities: the names of HTML's character references. */
#ifndef CONFAB_TEXT_ENTITIES_H
#define CONFAB_TEXT_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether HTML has this name, such as "eacute": the part between & and ;. */
bool entities_has(const char *name, size_t len);

#endif
