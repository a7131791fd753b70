/* liveness: tells the database that this process is alive and which of its
 * sessions have ended. */
#ifndef CONFAB_HUB_LIVENESS_H
#define CONFAB_HUB_LIVENESS_H

#include <stdbool.h>

struct hub;
struct hub_settings;
struct liveness;

/* hub may be incomplete. */
struct liveness *liveness_create(struct hub *hub,
				 const struct hub_settings *settings)
	__attribute__((malloc));
void liveness_free(struct liveness *liveness);

/* The name of this process in the database. */
const char *liveness_instance(const struct liveness *liveness);

/* The connection for statements has come up. */
void liveness_connected(struct liveness *liveness);

/* A session has ended. It is reported to the database soon. */
void liveness_end_session(struct liveness *liveness, const char *session);

/* See hub_leave(). */
void liveness_leave(struct liveness *liveness);

#endif
