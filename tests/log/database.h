/* database: how every part of the test connects. */
#ifndef CONFAB_TESTS_LOG_DATABASE_H
#define CONFAB_TESTS_LOG_DATABASE_H

#include <libpq-fe.h>

/* application: NULL for none. PQstatus() says whether it worked. Notices are
 * not printed: the server takes leave with one whenever it crashes. */
PGconn *database_connect(const char *conninfo, const char *application);

#endif
