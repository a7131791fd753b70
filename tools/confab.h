/* confab: shared by the files of the admin command.
 *   confab.c          main(), accounts, settings
 *   confab_upgrade.c  the database's schema
 *   confab_names.c    Unicode's data about the characters of names
 *   confab_operate.c  status, upkeep, restores */
#ifndef CONFAB_TOOLS_CONFAB_H
#define CONFAB_TOOLS_CONFAB_H

#include "base/beside.h"
#include "base/config.h"
#include "pg/sync.h"

struct admin {
	struct config config;
	struct pg *pg;
	const char *sql; /* the directory with the SQL files */
	char sql_beside[BESIDE_SIZE];
};

/* Ends the program with a sentence. */
_Noreturn void die(const char *what, const char *why);

/* Runs a statement, prepared under this name. Ends the program on failure. */
struct pg_result *query(struct admin *admin, const char *name, const char *text,
			int n, const struct pg_param *params)
	__attribute__((warn_unused_result));

/* Ends the program with the error of a failed statement. */
_Noreturn void die_of(const struct admin *admin, const char *what,
		      enum pg_status status, const struct pg_result *result);

/* confab_upgrade.c */
void upgrade(struct admin *admin, char **words);

/* confab_names.c: fills the tables of characters of names. */
void load_names(struct admin *admin);

/* confab_operate.c. words: the arguments after the command's name; NULL ends
 * them. */
void operate_status(struct admin *admin, char **words);
void operate_maintain(struct admin *admin, char **words);
void operate_restore_done(struct admin *admin, char **words);
/* words: ROOM DAYS, or ROOM default. */
void operate_keep(struct admin *admin, char **words);

#endif
