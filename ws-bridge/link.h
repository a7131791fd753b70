/* link: the bytes of a connection, with or without TLS. */
#ifndef CONFAB_WS_BRIDGE_LINK_H
#define CONFAB_WS_BRIDGE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_st; /* of OpenSSL */
struct ssl_ctx_st;

struct link {
	int fd;
	struct ssl_st *tls; /* NULL: none */
	bool wants_out;     /* TLS has to send before more can be read */
};

/* Takes over a non-blocking connection. tls: the certificate to answer with, or
 * NULL. */
void link_open(struct link *link, int fd, struct ssl_ctx_st *tls);

/* As read(2) and send(2) of a non-blocking connection: -1 with EAGAIN when it
 * has to wait, also for the TLS handshake. */
ssize_t link_read(struct link *link, char *to, size_t len);
ssize_t link_write(struct link *link, const char *bytes, size_t len);

/* Tells the other side that nothing more comes. */
void link_end(struct link *link);

/* Closes it at once. */
void link_close(struct link *link);

#endif
