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
	/* What a request for a stream may use its credential for. Commands
	 * come by a WebSocket, too. */
	enum identity_use use;
	/* The session outlives a response: the next request continues it. */
	bool keeps_session;
	/* The first frames come also when the stream goes on from a cursor. */
	bool greets_always;
};

/* The row of a kind. */
const struct transport *transport_of(enum transport_kind kind)
	__attribute__((const));

#endif
