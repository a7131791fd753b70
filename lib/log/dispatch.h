/* dispatch: a dispatch that waits for clients. It is encoded once, shared by
 * all of them, and reference-counted. */
#ifndef CONFAB_LOG_DISPATCH_H
#define CONFAB_LOG_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

/* What later deletions did to what it shows. */
enum dispatch_fate {
	DISPATCH_WHOLE,   /* nothing was deleted */
	DISPATCH_CHANGED, /* some was deleted; the log has the rest */
	DISPATCH_GONE,    /* all of it was deleted */
};

struct dispatch {
	unsigned references;
	enum dispatch_fate fate;
	int64_t seq; /* 0: not from the log */
	bool to_room;
	struct uuid room;        /* the audience: members of this room, and */
	const int64_t *accounts; /* these accounts, */
	size_t n_accounts;       /* ascending */
	const struct uuid *messages; /* what the JSON shows: messages, or */
	size_t n_messages;           /* the room that accounts are told of */
	int64_t recipient; /* of a new message in a one-to-one: the account on
			      the other side; 0: it is something else */
	bool is_notifications; /* it shows messages and rooms, too, but
				  does not list them */
	/* "id: …\nevent: dispatch\ndata: {…}\n\n", the JSON in the middle. */
	size_t size; /* of text */
	size_t json_at, json_len;
	char text[];
};

/* Makes a dispatch of the log. accounts: "{1,2}" or NULL; room: a uuid or NULL;
 * messages: "{uuid,uuid}" or NULL. Starts with one reference. */
struct dispatch *dispatch_create(const char *epoch, int64_t seq,
				 const char *room, const char *accounts,
				 const char *messages, const char *json)
	__attribute__((malloc, warn_unused_result));

/* Makes a dispatch that says something else of the same row, for one stream: it
 * has the same place in the log and shows the same messages. */
struct dispatch *dispatch_create_alike(const struct dispatch *given,
				       const char *json)
	__attribute__((malloc, warn_unused_result));

/* Makes a frame for one stream; position is where the stream stands. */
struct dispatch *dispatch_create_local(const char *epoch, int64_t position,
				       const char *json)
	__attribute__((malloc, warn_unused_result));

/* Makes such a frame of what a user has missed. */
struct dispatch *dispatch_create_notifications(const char *epoch,
					       int64_t position,
					       const char *json)
	__attribute__((malloc, warn_unused_result));

/* Makes a signal, which has no place in the log. */
struct dispatch *dispatch_create_signal(const char *json)
	__attribute__((malloc, warn_unused_result));

struct dispatch *dispatch_ref(struct dispatch *dispatch);
void dispatch_unref(struct dispatch *dispatch);

/* Bytes it occupies, for limits. */
size_t dispatch_cost(const struct dispatch *dispatch);

#endif
