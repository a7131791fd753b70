/* opening: a stream that is being opened, between the question (opener.c) and
 * the answer (opening.c). For these two alone. */
#ifndef CONFAB_HUB_OPENING_H
#define CONFAB_HUB_OPENING_H

#include <sys/queue.h>

#include "auth/identity.h"
#include "base/json.h"
#include "base/uuid.h"
#include "hub/turns.h"
#include "log/cursor.h"
#include "pg/result.h"

struct hub;
struct opener;
struct stream;

/* What a log row did to memberships and log-ins, kept while streams are being
 * opened: their snapshot of the tables may be older than it. */
struct change {
	STAILQ_ENTRY(change) link;
	int64_t seq;
	bool to_room;
	struct uuid room;
	struct json *effect;
};

STAILQ_HEAD(change_list, change);

/* A stream that is being opened. Once asked for, it outlives the stream. */
struct opening {
	struct turn turn;
	bool is_asked, is_alone;   /* in a question of its own */
	TAILQ_ENTRY(opening) link; /* of those in the question, or singles */
	struct opener *opener;
	struct stream *stream; /* NULL: the transport has gone away */
	int64_t asked_at;      /* the tail's place then, */
	unsigned start;        /* in this start of it */
	int row;               /* of the answer */
	bool has_since, since_valid;
	struct cursor since;
	bool is_plain; /* it did not ask for confab.v1 */
	bool ready_frame, notifications;
	/* What is asked. */
	struct identity identity;
	char *session, *user_agent, *address; /* or NULL */
};

/* The question: a JSON list of requests and this process' name. */
extern const struct pg_statement OPENING_QUESTION;

/* Whether the row that the opening is at is the answer to the request at this
 * place of the list, counted from 1. There may be none. */
bool opening_is_row(const struct opening *opening,
		    const struct pg_result *result, int place);

/* Makes a stream of that row, or refuses it. The opening stays the caller's. */
void opening_answer(struct hub *hub, struct opening *opening,
		    const struct pg_result *result,
		    const struct change_list *changes);

#endif
