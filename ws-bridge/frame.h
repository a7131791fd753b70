/* frame: the frames that a server writes (RFC 6455, section 5.2): unfragmented
 * and unmasked. */
#ifndef CONFAB_WS_BRIDGE_FRAME_H
#define CONFAB_WS_BRIDGE_FRAME_H

#include "base/buf.h"

/* Appends a text message. */
void frame_add_text(struct buf *out, const char *text, size_t len);

/* Appends an empty PING. */
void frame_add_ping(struct buf *out);

/* Appends a CLOSE with a code and no reason. */
void frame_add_close(struct buf *out, int code);

#endif
