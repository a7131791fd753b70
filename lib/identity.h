/* identity: who is asking, by what, and whether the request may use it
 * (PROTOCOL.md section 3). Used by every program that faces clients. */
#ifndef CONFAB_IDENTITY_H
#define CONFAB_IDENTITY_H

#include <stdbool.h>

#include "config.h"

#define IDENTITY_TOKEN_LENGTH 43 /* base64url of 32 bytes */

enum identity_source {
	IDENTITY_NONE,
	IDENTITY_BEARER, /* Authorization header */
	IDENTITY_QUERY,	 /* ?token=, streams only */
	IDENTITY_COOKIE,
};

struct identity {
	enum identity_source source;
	char token[IDENTITY_TOKEN_LENGTH + 1];
	unsigned char token_hash[32]; /* SHA-256 of token */
};

/* A CGI variable of the request (HTTP_COOKIE, QUERY_STRING ...), or NULL. */
typedef const char *identity_param(void *request, const char *name);

/* Finds the credential: Authorization: Bearer, then ?token= when stream, then
 * the cookie. The first place that has one decides: when it is malformed there
 * is no credential, whatever the weaker places have. */
void identity_find(struct identity *out, bool stream, identity_param *param,
		   void *request);

/* Whether the request's Origin (or Sec-Fetch-Site) may use a cookie: same
 * origin, or listed in allowed_origins. A WebSocket upgrade and every
 * state-changing request must pass when source is IDENTITY_COOKIE; strict
 * refuses a request that carries neither header. */
bool identity_origin_allowed(const struct config *config, bool strict,
			     identity_param *param, void *request);

/* Name of the session cookie for this request: __Host-confab over https. */
const char *identity_cookie_name(identity_param *param, void *request);

#endif
