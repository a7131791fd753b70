/* talk: the paths at which a WebSocket takes and gives {"message": …}, for
 * front ends that are written like a tutorial (docs/direct.md). */
#ifndef CONFAB_WS_BRIDGE_TALK_H
#define CONFAB_WS_BRIDGE_TALK_H

#include "base/config.h"
#include "handshake.h"
#include "hub/form.h"

/* Whether a WebSocket is at this path. Only a port of our own has to ask: a web
 * server passes on no other paths. */
bool talk_is_path(const struct config *config, const char *path);

/* Reads what a request asks to be sent, from its path and its query. *peer is
 * the account after ?recipient_id=, 0 without one. False when that is not a
 * number, or ?payload= names no form. */
bool talk_read(const struct config *config, const struct handshake *h,
	       enum stream_form *form, int64_t *peer);

#endif
