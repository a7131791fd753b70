/* identity: finds the credential of a request and decides whether the request
 * may use it (docs/identity.md). Used by every program that faces clients. */
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
	IDENTITY_SERVER, /* REMOTE_USER, set by the web server */
	IDENTITY_BRIDGE, /* from confab-bridge, which has checked it */
};

/* A user whom the host application's token or the web server vouches for. It is
 * recorded in the database if the token_hash is unknown there (login.h). */
struct external {
	char *issuer;        /* "jwt:" and the token's, or "remote_user" */
	char *subject;       /* the user's name at the issuer */
	char *profile;       /* JSON: username, email, first_name, last_name */
	char expires_at[24]; /* Unix seconds; "": as long as any log-in */
};

struct identity {
	enum identity_source source;
	/* The key of the log-in in the database: SHA-256 of a built-in token,
	 * or of the text that the host application signed. A ticket has its own
	 * hash. */
	unsigned char token_hash[SECRET_HASH_SIZE];
	struct external *external; /* NULL: a built-in token, or a ticket */
};

/* The configuration's rules for credentials. Make one per process, at start; it
 * reads the keys and ends the process with a sentence if it can't. */
struct identity_rules;
struct identity_rules *identity_rules_create(const struct config *config)
	__attribute__((malloc));
void identity_rules_free(struct identity_rules *rules);

/* Finds the credential: Authorization: Bearer, then the cookie, then
 * REMOTE_USER if that is trusted. The first place that is not empty decides. If
 * it is malformed the request has no credential, even if a weaker place has
 * one. Free with identity_free(). */
void identity_find(struct identity *out, const struct identity_rules *rules,
		   identity_param *param, void *request);

/* As identity_find(), for a stream. A stream may also carry ?token= or
 * ?ticket=, which come after the header and before the cookie. */
void identity_find_stream(struct identity *out,
			  const struct identity_rules *rules,
			  identity_param *param, void *request);

/* The credential of a command that confab-bridge sends: 64 hexadecimal digits.
 * Never pass text that a client can set. */
void identity_from_bridge(struct identity *out, const char *token_hash);
void identity_free(struct identity *identity);

/* The purpose of a request. A browser adds some credentials by itself,
 * whichever page asks; a request that changes something then has to come from
 * an allowed origin. */
enum identity_use {
	IDENTITY_READ,
	IDENTITY_STREAM,
	IDENTITY_CHANGE, /* also refused without an origin */
};

/* Whether the request may use its credential. ERROR_NONE: yes.
 * ERROR_UNAUTHENTICATED: it has none. ERROR_DENIED: it comes from a page of
 * another origin. *why is the sentence for the client; NULL: the error's
 * own. */
enum confab_error identity_check(const struct identity *identity,
				 const struct config *config,
				 enum identity_use use, identity_param *param,
				 void *request, const char **why);

/* The sentence for a page of another origin. */
#define IDENTITY_OTHER_ORIGIN "This origin is not allowed."

/* Name of the session cookie for this request: __Host-confab over https. */
const char *identity_cookie_name(identity_param *param, void *request);

/* Name of the cookie that a browser keeps from an earlier log-in. */
const char *identity_device_name(identity_param *param, void *request);

/* The hash of that cookie. False when the request has none. */
bool identity_device(unsigned char out[SECRET_HASH_SIZE], identity_param *param,
		     void *request);

/* The hash of such a cookie. It differs from the hash of a token, as a ticket's
 * does. */
void identity_device_hash(const char *token,
			  unsigned char out[SECRET_HASH_SIZE]);

/* The hash of a ticket. It differs from the hash of a token, so neither can be
 * used as the other. */
void identity_ticket_hash(const char *ticket,
			  unsigned char out[SECRET_HASH_SIZE]);

enum {
	IDENTITY_TEXT = 256
};

/* A variable as text that the database accepts: valid UTF-8, cut to the size of
 * out. NULL when there is none. For User-Agent and addresses. */
const char *identity_text(identity_param *param, void *request,
			  const char *name, char out[IDENTITY_TEXT]);

#endif
