/* opener: opens streams. It asks the database who the callers are, for several
 * at once, in turns of log-ins. */
#ifndef CONFAB_HUB_OPENER_H
#define CONFAB_HUB_OPENER_H

#include "auth/identity.h"
#include "base/json.h"
#include "hub/hub.h"
#include "log/dispatch.h"

struct opener;

/* hub is not complete yet. */
struct opener *opener_create(struct hub *hub) __attribute__((malloc));
/* Forgets the openings that wait; those that were asked for end with the
 * connection, which is freed between the two. */
void opener_stop(struct opener *opener);
void opener_free(struct opener *opener);

/* Opens a stream for an identity, of which it takes over the external part. */
void opener_open(struct opener *opener, struct stream *stream,
		 const struct hub_request *request, struct identity *identity);

/* The transport of a stream that is being opened has gone away. */
void opener_abandon(struct stream *stream);

/* A log row had an effect on memberships or log-ins. It is kept as long as
 * answers are due that may be older than it; effect is taken over. */
void opener_note_effect(struct opener *opener, const struct dispatch *row,
			struct json *effect);

#endif
