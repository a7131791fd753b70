/* frame: how a server writes WebSocket frames (RFC 6455, section 5.2). */
#ifndef CONFAB_WS_BRIDGE_FRAME_H
#define CONFAB_WS_BRIDGE_FRAME_H

#include "base/buf.h"

/* Appends a whole text message in one frame. */
void frame_add_text(struct buf *out, const char *text, size_t len);

#endif
