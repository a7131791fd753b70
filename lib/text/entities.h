/* entities: is this a character reference that HTML has a name for? */
#ifndef CONFAB_TEXT_ENTITIES_H
#define CONFAB_TEXT_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>

/* name: what stands between & and ;, as in "eacute". */
bool entities_has(const char *name, size_t len);

#endif
