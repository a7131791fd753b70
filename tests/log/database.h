/* database: connects each part of the test. */
#ifndef CONFAB_TESTS_LOG_DATABASE_H
#define CONFAB_TESTS_LOG_DATABASE_H

#include <libpq-fe.h>

/* application: NULL for none. PQstatus() tells whether it worked. Notices are
 * not printed: the server sends one at every crash. */
PGconn *database_connect(const char *conninfo, const char *application);

#endif
