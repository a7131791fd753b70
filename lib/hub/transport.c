/* transport: see transport.h. */
#include "hub/transport.h"

const struct transport *transport_of(enum transport_kind kind)
{
	static const struct transport table[TRANSPORTS] = {
		[TRANSPORT_WEBSOCKET] = { .name = "websocket",
					  .use = IDENTITY_CHANGE,
					  .greets_always = true },
		[TRANSPORT_SSE] = { .name = "sse",
				    .use = IDENTITY_STREAM,
				    .greets_always = true },
		[TRANSPORT_POLL] = { .name = "poll",
				     .use = IDENTITY_STREAM,
				     .keeps_session = true },
	};

	return &table[kind];
}
