/* handshake: the request that opens a WebSocket (RFC 6455, section 4.2). */
#ifndef CONFAB_WS_BRIDGE_HANDSHAKE_H
#define CONFAB_WS_BRIDGE_HANDSHAKE_H

#include <libwebsockets.h>
#include <stdbool.h>

#include "auth/identity.h"
#include "auth/jwt.h"

enum {
	HANDSHAKE_LIMIT = 12288 /* bytes of one; a token of the host
				 * application may be in the URL, beside
				 * cookies */
};

/* The headers that count. */
struct handshake {
	char query[JWT_LIMIT + 512], cookie[8192], origin[256], host[256];
	char authorization[JWT_LIMIT + 16], agent[256], proto[16];
	char address[64]; /* of the client, "" when it is not known */
};

/* Copies them, while the connection still has them. */
void handshake_read(struct handshake *handshake, struct lws *wsi);

/* A header as CGI names it, or NULL. Fits identity_param. */
const char *handshake_param(void *handshake, const char *name);

/* A value of the query string; false when there is none or no room. */
bool handshake_query(const struct handshake *handshake, const char *name,
		     char *out, size_t cap);

/* Whether the upgrade may go on: 0. Otherwise it was answered, or is to be
 * dropped: what the callback returns then. */
int handshake_confirm(struct lws *wsi, const char *protocol);

#endif
