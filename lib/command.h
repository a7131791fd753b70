/* command: one command from its bytes to its answer. Checks the envelope,
 * sanitises rich text, calls the one SQL function that the command's row in
 * confab.command names, rings the doorbell, and makes the response. */
#ifndef CONFAB_COMMAND_H
#define CONFAB_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "buf.h"
#include "config.h"
#include "error.h"
#include "pg.h"

struct command_table;

/* shared_ring: milliseconds (CLOCK_MONOTONIC) of the host's last ring, shared
 * by all workers; NULL rings every time. */
struct command_table *command_create(const struct config *config, struct pg *pg,
				     _Atomic long long *shared_ring);
void command_free(struct command_table *table);

struct command_request {
	const char *body;
	size_t body_len;
	const unsigned char *token_hash; /* 32 bytes; NULL: unauthenticated */
	const char *session;		 /* uuid or NULL */
	const char *idempotency_key;	 /* or NULL */
	bool websocket;			 /* answer as a frame, see PROTOCOL 4 */
	const char *request_id;		 /* for the log */
};

/* Appends the JSON answer to out (nothing when a WebSocket caller is owed
 * nothing) and returns ERROR_NONE or what the answer says went wrong. */
enum confab_error command_execute(struct command_table *table,
				  const struct command_request *request,
				  struct buf *out);

#endif
