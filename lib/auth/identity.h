/* identity: who is asking, by what, and whether the request may use it
 * (docs/identity.md). Used by every program that faces clients. */
#ifndef CONFAB_AUTH_IDENTITY_H
#define CONFAB_AUTH_IDENTITY_H

#include <stdbool.h>

#include "auth/origin.h"
#include "base/config.h"
#include "base/crypto.h"
#include "base/error.h"

enum identity_source {
	IDENTITY_NONE,
	IDENTITY_BEARER, /* Authorization header */
	IDENTITY_QUERY,  /* ?token=, streams only */
	IDENTITY_TICKET, /* ?ticket=, streams only */
	IDENTITY_COOKIE,
	IDENTITY_SERVER, /* REMOTE_USER of the web server */
	IDENTITY_BRIDGE, /* confab-bridge, which asked who it is already */
};

/* Somebody whom the host application's token or the web server vouches for.
 * The database learns of it when it does not know the token_hash (login.h). */
struct external {
	char *issuer;        /* "jwt:" and the token's, or "remote_user" */
	char *subject;       /* who it is, there */
	char *profile;       /* JSON: username, email, first_name, last_name */
	char expires_at[24]; /* Unix seconds; "" for as long as any log-in */
};

struct identity {
	enum identity_source source;
	/* What the database knows the log-in by: SHA-256 of a built-in token or
	 * of what the host application signed. Of a ticket, its own. */
	unsigned char token_hash[SECRET_HASH_SIZE];
	struct external *external; /* NULL: a built-in token, or a ticket */
};

/* What the configuration says about it; reads the keys. One per process, at
 * start. Ends the process with a sentence when a key can't be read. */
struct identity_rules;
struct identity_rules *identity_rules_create(const struct config *config)
	__attribute__((malloc));
void identity_rules_free(struct identity_rules *rules);

/* Finds the credential: Authorization: Bearer, then the cookie, then
 * REMOTE_USER when that is trusted. The first place that has one decides: when
 * it is malformed there is no credential, whatever the weaker places have. Free
 * with identity_free(). */
void identity_find(struct identity *out, const struct identity_rules *rules,
		   identity_param *param, void *request);

/* The same for a stream, which may also carry ?token= or ?ticket=, between the
 * header and the cookie. */
void identity_find_stream(struct identity *out,
			  const struct identity_rules *rules,
			  identity_param *param, void *request);

/* The credential of a command that came through confab-bridge: 64 hexadecimal
 * digits. Not for what a client can set. */
void identity_from_bridge(struct identity *out, const char *token_hash);
void identity_free(struct identity *identity);

/* What a request wants. A browser adds some credentials by itself, whichever
 * page asks: then what is not only read depends on the page's origin. */
enum identity_use {
	IDENTITY_READ,
	IDENTITY_STREAM,
	IDENTITY_CHANGE, /* refused also when it says no origin */
};

/* Whether the request may use its credential: ERROR_NONE;
 * ERROR_UNAUTHENTICATED without one; ERROR_DENIED for a page of another origin.
 * *why is what to tell the client, NULL for the error's own sentence. */
enum confab_error identity_check(const struct identity *identity,
				 const struct config *config,
				 enum identity_use use, identity_param *param,
				 void *request, const char **why);

/* What a page of another origin is told. */
#define IDENTITY_OTHER_ORIGIN "This origin is not allowed."

/* Name of the session cookie for this request: __Host-confab over https. */
const char *identity_cookie_name(identity_param *param, void *request);

/* Name of the cookie by which a browser is known that was logged in before. */
const char *identity_device_name(identity_param *param, void *request);

/* The hash of that cookie; false when the request has none. */
bool identity_device(unsigned char out[SECRET_HASH_SIZE], identity_param *param,
		     void *request);

/* The hash of such a cookie: as of a ticket, another than that of a token. */
void identity_device_hash(const char *token,
			  unsigned char out[SECRET_HASH_SIZE]);

/* The hash of a ticket: another than that of a token, so that neither can be
 * used as the other. */
void identity_ticket_hash(const char *ticket,
			  unsigned char out[SECRET_HASH_SIZE]);

enum {
	IDENTITY_TEXT = 256
};

/* A variable as text that the database takes: valid, cut to what out holds;
 * NULL when there is none. For User-Agent and addresses. */
const char *identity_text(identity_param *param, void *request,
			  const char *name, char out[IDENTITY_TEXT]);

#endif
