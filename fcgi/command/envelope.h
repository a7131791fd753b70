/* envelope: what is around a command and its answer (docs/protocol.md). Knows
 * nothing of any command and needs no database. */
#ifndef CONFAB_FCGI_COMMAND_ENVELOPE_H
#define CONFAB_FCGI_COMMAND_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* A command as it came. Zero it before use. */
struct envelope {
	struct json *root;
	const char *event_type; /* NULL: missing or null */
	struct json *data;      /* an object, or NULL for {} */
	struct buf id;          /* as JSON text; empty: none */
};

/* Longest id and client_id, in characters. */
enum {
	ENVELOPE_ID = 64
};

/* Reads a command. ERROR_INVALID: out has got the whole answer. Free with
 * envelope_free() in either case. */
enum confab_error envelope_parse(struct envelope *envelope, const char *body,
				 size_t len, int depth, struct buf *out)
	__attribute__((warn_unused_result));
void envelope_free(struct envelope *envelope);

/* Sanitises the text at path ("content", "extra_fields.content") where it is a
 * string: trimmed, then cleaned. Text of which nothing is left gets a member
 * "emptied" beside it, which tells it from blank text; a client's own is
 * dropped. */
void envelope_clean(struct envelope *envelope, const char *path,
		    bool keep_class_id);

/* Appends data as JSON text. */
void envelope_print(const struct envelope *envelope, struct buf *out);

/* Appends a JSON object with the command's id as its last member. */
void envelope_answer(const struct envelope *envelope, const char *object,
		     struct buf *out);

/* Appends an error (see error_body()) with the command's id. */
void envelope_fail(const struct envelope *envelope, enum confab_error error,
		   const char *detail, struct buf *out);

/* Appends the acknowledgement a WebSocket gets in place of the dispatch that
 * reaches it through its stream; nothing when the command had no id. seq as
 * text, NULL when nothing was stored. */
void envelope_acknowledge(const struct envelope *envelope, const char *seq,
			  struct buf *out);

#endif
