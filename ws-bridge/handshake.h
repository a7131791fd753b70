/* handshake: the request that opens a WebSocket (RFC 6455, section 4.2), from
 * bytes to an answer. It knows nothing of sockets. */
#ifndef CONFAB_WS_BRIDGE_HANDSHAKE_H
#define CONFAB_WS_BRIDGE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	/* Size limit of a head in bytes. A host application's token may be in
	 * the URL, in addition to cookies. */
	HANDSHAKE_LIMIT = 12288,
	HANDSHAKE_FIELDS = 100,
	HANDSHAKE_ACCEPT = 29 /* Sec-WebSocket-Accept, terminated */
};

/* A request's head. It points into the parsed bytes. */
struct handshake {
	const char *method, *target, *query, *version;
	struct handshake_field {
		const char *name, *value;
	} fields[HANDSHAKE_FIELDS];
	int n_fields;
	size_t size;          /* bytes of the head, with its empty line */
	const char *protocol; /* the chosen subprotocol, or NULL */
	char address[64];     /* the client's; "": unknown */
	bool is_direct;       /* no web server is in between */
	bool is_tls;          /* set if is_direct: by TLS */
	char host[256];       /* set if is_direct: Host without a port */
	char accept[HANDSHAKE_ACCEPT];
};

/* The other side of a connection to a port of our own. */
struct handshake_peer {
	char address[64];
	bool is_tls;
};

/* Returns 0 when more bytes have to come, 101 when a whole head is a valid
 * handshake, otherwise the HTTP status of the refusal. Changes bytes only when
 * the head is whole. proxies: addresses, space-separated, that are passed over
 * when the client's is looked for in X-Forwarded-For. peer: NULL behind a web
 * server. */
int handshake_parse(struct handshake *out, char *bytes, size_t len,
		    const char *proxies, const struct handshake_peer *peer);

/* Appends the response for a status that handshake_parse() returned. id: the
 * request's. */
void handshake_answer(struct buf *out, const struct handshake *handshake,
		      int status, const char *id);

/* A header under its CGI name, or NULL. Fits identity_param. */
const char *handshake_param(void *handshake, const char *name);

#endif
