/* requirements: what every serving program needs of the configuration beside
 * valid values. */
#ifndef CONFAB_AUTH_REQUIREMENTS_H
#define CONFAB_AUTH_REQUIREMENTS_H

#include "base/config.h"

/* Whether the connection string can be read and the host application's keys can
 * be used. False with a sentence in why. It connects to nothing. */
bool requirements_check(const struct config *config, struct buf *why)
	__attribute__((warn_unused_result));

#endif
