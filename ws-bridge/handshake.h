/* handshake: the request that opens a WebSocket (RFC 6455, section 4.2), from
 * bytes to an answer. It knows no socket. */
#ifndef CONFAB_WS_BRIDGE_HANDSHAKE_H
#define CONFAB_WS_BRIDGE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	/* Bytes of a head. A token of the host application may be in the URL,
	 * beside cookies. */
	HANDSHAKE_LIMIT = 12288,
	HANDSHAKE_FIELDS = 100,
	HANDSHAKE_ACCEPT = 29 /* Sec-WebSocket-Accept, terminated */
};

/* A request's head. It points into the bytes that were parsed. */
struct handshake {
	const char *method, *target, *query, *version;
	struct handshake_field {
		const char *name, *value;
	} fields[HANDSHAKE_FIELDS];
	int n_fields;
	size_t size;          /* of the head, with its empty line */
	const char *protocol; /* the subprotocol that was chosen, or NULL */
	char address[64];     /* of the client, "" when it is not known */
	char accept[HANDSHAKE_ACCEPT];
};

/* 0: more bytes have to come. 101: the whole head is there and is a handshake.
 * Otherwise it is refused with this HTTP status. bytes are changed only when
 * the head is whole. */
int handshake_parse(struct handshake *out, char *bytes, size_t len);

/* Appends the response to a status that handshake_parse() has returned. */
void handshake_answer(struct buf *out, const struct handshake *handshake,
		      int status);

/* A header as CGI names it, or NULL. Fits identity_param. */
const char *handshake_param(void *handshake, const char *name);

#endif
