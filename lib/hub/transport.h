/* transport: the kinds of delivery channel. A new one is a row here and in
 * confab.transport, and a file of its own in a program. */
#ifndef CONFAB_HUB_TRANSPORT_H
#define CONFAB_HUB_TRANSPORT_H

#include <stdbool.h>

#include "auth/identity.h"

enum transport_kind {
	TRANSPORT_WEBSOCKET,
	TRANSPORT_SSE,
	TRANSPORT_POLL,
	TRANSPORTS
};

struct transport {
	const char *name; /* in confab.session and in metrics */
	/* The purpose of a request for a stream, for its credential. A
	 * WebSocket carries commands, too. */
	enum identity_use use;
	/* The session outlives a response; the next request continues it. */
	bool keeps_session;
	/* The first frames come even if the stream continues from a cursor. */
	bool greets_always;
};

/* The row of a kind. */
const struct transport *transport_of(enum transport_kind kind)
	__attribute__((const));

#endif
