/* replayer: feeds the streams that lag, from the window of recent dispatches or
 * from pages of the log. It also withdraws deleted messages from everything
 * that waits in memory (withdraw.c). */
#ifndef CONFAB_HUB_REPLAYER_H
#define CONFAB_HUB_REPLAYER_H

#include <stdint.h>

#include "base/json.h"
#include "hub/stream.h"
#include "log/dispatch.h"

struct replayer;

/* hub may be incomplete. window: bytes of dispatches to keep. */
struct replayer *replayer_create(struct hub *hub, size_t window)
	__attribute__((malloc));
void replayer_free(struct replayer *replayer);

/* The tail starts at head. Older dispatches are read back into the window. */
void replayer_start(struct replayer *replayer, int64_t head);
/* The connection for statements is back. */
void replayer_connected(struct replayer *replayer);

/* The tail has read a dispatch. */
void replayer_add(struct replayer *replayer, struct dispatch *dispatch);

/* Feeds a stream that lags, or whose queue has emptied, from now on. */
void replayer_follow(struct stream *stream);

/* Notes the effect of a log row on earlier ones: {"deleted":[ids]},
 * {"room_deleted":true} or {"rewritten":seq}. */
void replayer_note_deleted(struct replayer *replayer,
			   const struct dispatch *row,
			   const struct json *effect);
/* After a batch of rows: withdraws the noted messages from the window and the
 * queues. */
void replayer_withdraw(struct replayer *replayer);

#endif
