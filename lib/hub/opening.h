/* opening: a stream that is being opened, between the statement (opener.c) and
 * the answer (opening.c). For these two only. */
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

/* The effect of a log row on memberships and log-ins. It is kept while streams
 * are being opened: their snapshot of the tables may be older. */
struct change {
	STAILQ_ENTRY(change) link;
	int64_t seq;
	bool to_room;
	struct uuid room;
	struct json *effect;
};

STAILQ_HEAD(change_list, change);

/* A stream that is being opened. After the statement is sent it may outlive the
 * stream. */
struct opening {
	struct turn turn;
	bool is_asked, is_alone;   /* in a statement of its own */
	TAILQ_ENTRY(opening) link; /* in openings or singles */
	struct opener *opener;
	struct stream *stream; /* NULL: the transport has gone */
	int64_t asked_at;      /* the tail's place when asked, */
	unsigned start;        /* in this start of the tail */
	int row;               /* row of the answer */
	bool has_since, since_valid;
	struct cursor since;
	bool is_plain; /* the client did not ask for confab.v1 */
	bool ready_frame, notifications;
	/* The parameters of the request. */
	struct identity identity;
	char *session, *user_agent, *address; /* or NULL */
	char *request_id;
};

/* The statement: a JSON list of requests and this process's name. */
extern const struct pg_statement OPENING_QUESTION;

/* Whether the opening's row answers the request at this place of the list,
 * counted from 1. The answer may have no such row. */
bool opening_is_row(const struct opening *opening,
		    const struct pg_result *result, int place);

/* Makes a stream from that row, or refuses it. The caller keeps the opening. */
void opening_answer(struct hub *hub, struct opening *opening,
		    const struct pg_result *result,
		    const struct change_list *changes);

#endif
