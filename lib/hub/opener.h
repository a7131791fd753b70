/* opener: opens streams. It asks the database for several at once, in turns of
 * log-ins. */
#ifndef CONFAB_HUB_OPENER_H
#define CONFAB_HUB_OPENER_H

#include "auth/identity.h"
#include "base/json.h"
#include "hub/hub.h"
#include "log/dispatch.h"

struct opener;

/* hub may be incomplete. */
struct opener *opener_create(struct hub *hub) __attribute__((malloc));
/* Forgets the waiting openings. Those already asked end with the connection;
 * free that between opener_stop() and opener_free(). */
void opener_stop(struct opener *opener);
void opener_free(struct opener *opener);

/* Opens a stream for an identity. Takes over the identity's external part. */
void opener_open(struct opener *opener, struct stream *stream,
		 const struct hub_request *request, struct identity *identity);

/* The transport of a stream that is being opened has gone. */
void opener_abandon(struct stream *stream);

/* Notes a log row with an effect on memberships or log-ins. It is kept while
 * answers are due that may be older. Takes over effect. */
void opener_note_effect(struct opener *opener, const struct dispatch *row,
			struct json *effect);

#endif
