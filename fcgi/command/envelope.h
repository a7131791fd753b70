/* envelope: the members around a command and around its answer
 * (docs/protocol.md). Knows no particular command and needs no database. */
#ifndef CONFAB_FCGI_COMMAND_ENVELOPE_H
#define CONFAB_FCGI_COMMAND_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* A command as received. Zero it before use. */
struct envelope {
	struct json *root;
	const char *event_type; /* NULL: missing or null */
	struct json *data;      /* an object, or NULL for {} */
	struct buf id;          /* as JSON text; empty: none */
};

/* Reads a command. ERROR_INVALID: out has the whole answer. Free with
 * envelope_free() in either case. */
enum confab_error envelope_parse(struct envelope *envelope, const char *body,
				 size_t len, int depth, struct buf *out)
	__attribute__((warn_unused_result));
void envelope_free(struct envelope *envelope);

/* Sanitises the text at path ("content", "extra_fields.content") if it is a
 * string: trims it, then cleans it. Text that loses everything gets a member
 * "emptied" beside it, to tell it from blank text. A member of that name from
 * the client is dropped. */
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

/* Appends the acknowledgement of a WebSocket's command; the dispatch itself
 * comes through the stream. Appends nothing when the command had no id. seq as
 * text, NULL when nothing was stored. */
void envelope_acknowledge(const struct envelope *envelope, const char *seq,
			  struct buf *out);

#endif
