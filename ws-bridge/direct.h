/* direct: the port where the bridge listens by itself (option listen), with or
 * without TLS. */
#ifndef CONFAB_WS_BRIDGE_DIRECT_H
#define CONFAB_WS_BRIDGE_DIRECT_H

#include <stdbool.h>

#include "base/address_budget.h"
#include "base/config.h"
#include "event/acceptor.h"

struct sockets;
struct ssl_ctx_st;

enum {
	DIRECT_BUCKETS = 1024
};

struct direct {
	struct acceptor acceptor;
	struct sockets *sockets;
	const struct config *config;
	int fd; /* -1: there is no such port */
	struct ssl_ctx_st *tls;
	struct address_budget addresses; /* for its keys */
	/* Handshakes under way, by the key of the client's network. */
	unsigned under_way[DIRECT_BUCKETS];
};

/* Opens the port, if there is to be one. Ends the process with a sentence when
 * it can't, or the certificate can't be used. */
void direct_open(struct direct *direct, const struct config *config);

/* Accepts connections, for sockets. */
void direct_start(struct direct *direct, struct sockets *sockets);

/* Reads the certificate again. The one before stays in use when the new one
 * can't be used. Connections that are open keep theirs. */
void direct_reload(struct direct *direct);

/* Accepts nobody any more; may be called again. */
void direct_stop(struct direct *direct);

/* Stops it and frees the certificate. Close its connections first. */
void direct_free(struct direct *direct);

/* Ends the handshake of an address that was counted in that bucket. */
void direct_leave(struct direct *direct, int bucket);

#endif
