/* port: a TCP port that a program listens at, besides its unix socket. */
#ifndef CONFAB_BASE_PORT_H
#define CONFAB_BASE_PORT_H

#include <stdbool.h>

#include "base/buf.h"

/* A listening, non-blocking socket at ADDRESS:PORT, such as 0.0.0.0:8443 or
 * [::]:8443; -1, with the reason in why, when there can be none. Several
 * programs may listen there at once (SO_REUSEPORT), so one takes over from
 * another without a gap. */
int port_open(const char *where, int backlog, struct buf *why)
	__attribute__((warn_unused_result));

/* Whether nobody listens there yet, also no program that would share it. */
bool port_is_free(const char *where);

/* Whether where is ADDRESS:PORT with a numeric address. */
bool port_is_valid(const char *where);

/* The client's numeric address, without a scope; "" when there is none. */
void port_peer(int fd, char out[64]);

#endif
