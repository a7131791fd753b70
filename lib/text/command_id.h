/* command_id: the id with which a client finds the answer to its command. */
#ifndef CONFAB_TEXT_COMMAND_ID_H
#define CONFAB_TEXT_COMMAND_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"

enum {
	COMMAND_ID_MAX = 64 /* characters */
};

/* Whether a value can be an id: a short string or an integer. */
bool command_id_valid(const struct json *value);
/* Adds the id of a command to out, as JSON. The command may be malformed
 * elsewhere. Adds nothing when it has no valid id. */
void command_id_find(const char *command, size_t len, struct buf *out);

#endif
