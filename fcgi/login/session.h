/* session: what the files of confab-session share.
 *   main.c      main() and the table of routes
 *   ask.c       statements, bodies and answers
 *   log_in.c    logging in and out, registering, tickets
 *   password.c  changing a password, or making a new one by mail */
#ifndef CONFAB_FCGI_LOGIN_SESSION_H
#define CONFAB_FCGI_LOGIN_SESSION_H

#include <stdbool.h>

#include "auth/identity.h"
#include "base/config.h"
#include "base/json.h"
#include "base/metrics.h"
#include "pg/sync.h"
#include "web/request.h"

enum session_statement {
	SESSION_CREDENTIALS,
	SESSION_CREATE,
	SESSION_WHOAMI,
	SESSION_END,
	SESSION_REGISTER,
	SESSION_REHASH,
	SESSION_TICKET,
	SESSION_ATTEMPT,
	SESSION_REGISTRATION,
	SESSION_DEVICE,
	SESSION_SUCCEEDED,
	SESSION_PASSWORD,
	SESSION_CHANGE,
	SESSION_RESET_BEGIN,
	SESSION_RESET_CHECK,
	SESSION_RESET_FINISH,
	SESSION_RING,
};

/* One for each of them. */
extern const struct pg_statement session_statements[];

/* What a worker works with. */
struct worker {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct metric *abandoned; /* requests that nobody waited for; or NULL */
};

/* Who asks, as a parameter. */
struct known {
	struct identity who;
	struct pg_param hash;
};

/* Runs a statement without answering anything; ring: the doorbell follows it.
 * *result as pg_run() has it. */
enum pg_status session_run(struct worker *w, enum session_statement which,
			   int n, const struct pg_param *params, bool ring,
			   struct pg_result **result);

/* Runs a statement; NULL when it failed, which is then answered. */
struct pg_result *session_ask(struct worker *w, enum session_statement which,
			      int n, const struct pg_param *params, bool ring);

/* 4003 with an object of lists. */
void session_refuse_field(struct worker *w, const char *field,
			  const char *sentence);

/* Reads a JSON object from another page of ours or from no page. NULL when it
 * was refused and answered. Free with json_free(). */
struct json *session_read(struct worker *w);

/* What is wrong with a text member, NULL for nothing. */
const char *session_text(const struct json *body, const char *name,
			 const char **out);

/* A password member: present, and no longer than what is hashed. False when it
 * was refused and answered. */
bool session_password(struct worker *w, const struct json *body,
		      const char *name, const char **out);
/* One that is to become somebody's. */
bool session_new_password(struct worker *w, const struct json *body,
			  const char *name, const char **out);
/* Its hash; false when that failed and was answered, or when the client has
 * gone. */
bool session_hash(struct worker *w, const char *password, char *out);

/* Whether a password is that of a hash (NULL: of nobody, which takes as long).
 * *stale: the hash should be made anew. */
enum session_verdict {
	SESSION_RIGHT,
	SESSION_WRONG,
	SESSION_GONE /* nobody waits: the request has ended */
};
enum session_verdict session_verify(struct worker *w, const char *hash,
				    const char *password, bool *stale);

/* Finds out who asks; changes: the request changes something, so that its
 * origin counts. False when refused and answered. Free with
 * identity_free(&out->who). */
bool session_know(struct worker *w, bool changes, struct known *out);

/* Counts an attempt at a password (username may be NULL) before it is looked
 * at. False when there were too many: that was answered. */
bool session_attempt(struct worker *w, const char *username);
/* The same for an account that is to be made; answers also that nobody may. */
bool session_may_register(struct worker *w);
/* The password was right: the attempt does not count. */
void session_succeeded(struct worker *w, const char *username);

/* The hash of the cookie that a browser kept from an earlier log-in, as a
 * parameter; NULL data when it has none. */
struct pg_param session_device(struct worker *w,
			       unsigned char hash[SECRET_HASH_SIZE]);

/* log_in.c */
void session_post_login(struct worker *w);
void session_post_register(struct worker *w);
void session_post_ticket(struct worker *w);
void session_get(struct worker *w);
void session_delete(struct worker *w);

/* password.c */
void session_post_password(struct worker *w);
void session_post_reset(struct worker *w);

#endif
