/* opening: a stream that is being opened, between who asks for it (opener.c)
 * and who makes it of the answer (opening.c). For the hub's own files. */
#ifndef CONFAB_HUB_OPENING_H
#define CONFAB_HUB_OPENING_H

#include "auth/identity.h"
#include "hub/hub_internal.h"
#include "log/cursor.h"

/* A stream that is being opened. Once asked for, it outlives the stream. */
struct opening {
	struct turn turn;
	bool asked, alone;         /* by itself */
	TAILQ_ENTRY(opening) link; /* of those in the question, or singles */
	struct hub *hub;
	struct stream *stream; /* NULL: the transport has gone away */
	int64_t asked_at;      /* the tail's place then, */
	unsigned start;        /* in this start of it */
	int row;               /* of the answer */
	bool has_since, since_valid;
	struct cursor since;
	bool ready_frame, notifications;
	/* What is asked. */
	struct identity identity;
	char *session, *user_agent, *address; /* or NULL */
};

/* The question: a JSON list of requests and this process' name. */
extern const struct pg_statement OPENING_QUESTION;

/* Whether the row that o->row is at is the answer to the request at this place
 * of the list, counted from 1. There may be none. */
bool opening_is_row(const struct opening *opening,
		    const struct pg_result *result, int place);

/* Makes a stream of that row, or refuses it. The opening stays the caller's. */
void opening_answered(struct opening *opening, const struct pg_result *result);

/* Tells a stream that it is not to be. body: JSON, or NULL for the error's own.
 */
void opening_refuse(struct stream *stream, enum confab_error error,
		    const char *body);

#endif
