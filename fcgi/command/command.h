/* command: takes one command from its bytes to its answer. It checks the
 * envelope, sanitises rich text, calls the one SQL function that the command's
 * row in confab.command names, rings the doorbell, and writes the response. */
#ifndef CONFAB_FCGI_COMMAND_COMMAND_H
#define CONFAB_FCGI_COMMAND_COMMAND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/error.h"
#include "pg/sync.h"
#include "traffic.h"

struct commands;

/* traffic: shared by all workers. NULL: nothing is limited, and the doorbell
 * rings every time. */
struct commands *command_create(const struct config *config, struct pg *pg,
				struct traffic *traffic);
void command_free(struct commands *commands);

struct command_request {
	const char *body;
	size_t body_len;
	const unsigned char *token_hash; /* 32 bytes; NULL: unauthenticated */
	const char *session;             /* uuid or NULL */
	const char *idempotency_key;     /* or NULL */
	bool websocket;         /* answer as a frame (docs/protocol.md) */
	const char *address;    /* the client's, or NULL */
	const char *request_id; /* for the log */
};

/* Appends the JSON answer to out; nothing when a WebSocket needs none. Returns
 * ERROR_NONE, or the error with its status and Retry-After; its body is in
 * out. */
struct error_answer command_execute(struct commands *commands,
				    const struct command_request *request,
				    struct buf *out);

#endif
