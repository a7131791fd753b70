/* replayer: feeds the streams that are behind, from the window of recent
 * dispatches or from pages of the log. It also takes back what was deleted from
 * whatever waits in memory (withdraw.c). */
#ifndef CONFAB_HUB_REPLAYER_H
#define CONFAB_HUB_REPLAYER_H

#include <stdint.h>

#include "base/json.h"
#include "hub/stream.h"
#include "log/dispatch.h"

struct replayer;

/* hub is not complete yet; window: bytes of dispatches that are kept. */
struct replayer *replayer_create(struct hub *hub, size_t window)
	__attribute__((malloc));
void replayer_free(struct replayer *replayer);

/* The tail starts at head: what is older is read back into the window. */
void replayer_start(struct replayer *replayer, int64_t head);
/* The connection for questions is there again. */
void replayer_connected(struct replayer *replayer);

/* The tail has read a dispatch. */
void replayer_add(struct replayer *replayer, struct dispatch *dispatch);

/* The stream is behind, or its queue has emptied: it is fed from now on. */
void replayer_follow(struct stream *stream);

/* Notes the messages that a log row says were deleted: {"deleted":[ids]} or
 * {"room_deleted":true}. */
void replayer_note_deleted(struct replayer *replayer,
			   const struct dispatch *row,
			   const struct json *effect);
/* After a batch of rows: takes back what was noted from the window and the
 * queues. */
void replayer_withdraw(struct replayer *replayer);

#endif
