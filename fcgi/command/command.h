/* command: takes one command from the head of its request to its answer. It
 * admits the caller, reads and checks the envelope, sanitises rich text, calls
 * the one SQL function that the command's row in confab.command names, rings
 * the doorbell, and writes the response. */
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
	const unsigned char *token_hash; /* 32 bytes; NULL: unauthenticated */
	const char *session;             /* uuid or NULL */
	const char *idempotency_key;     /* or NULL */
	bool websocket;         /* answer as a frame (docs/protocol.md) */
	const char *address;    /* the client's, or NULL */
	const char *request_id; /* for the log */
	long long size;         /* bytes of the body; negative: unknown */

	/* Reads the body, which stays the caller's. An error has a sentence for
	 * the client. */
	enum confab_error (*read)(void *context, const struct buf **body,
				  const char **why);
	void *context;
};

/* Carries out a command. Reads no body, beyond its id, of a caller that is
 * unknown or over a limit. Appends the JSON answer to out; nothing when a
 * WebSocket needs none. Returns ERROR_NONE, or the error with its status and
 * Retry-After; its body is in out. */
struct error_answer command_execute(struct commands *commands,
				    const struct command_request *request,
				    struct buf *out);

#endif
