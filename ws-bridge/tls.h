/* tls: the certificate of the port where the bridge listens by itself, with
 * OpenSSL. */
#ifndef CONFAB_WS_BRIDGE_TLS_H
#define CONFAB_WS_BRIDGE_TLS_H

#include "base/buf.h"

struct ssl_ctx_st; /* of OpenSSL */

/* Reads a certificate, with the others that lead to its root, and its key, from
 * PEM files. NULL, with the reason in why, when they can't be used. The caller
 * frees it with tls_free(); connections keep what they need of it. */
struct ssl_ctx_st *tls_load(const char *certificate, const char *key,
			    struct buf *why)
	__attribute__((warn_unused_result));

/* Frees what tls_load() returned; NULL is allowed. */
void tls_free(struct ssl_ctx_st *tls);

#endif
