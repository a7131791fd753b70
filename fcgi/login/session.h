/* session: shared by the files of confab-session.
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
#include "web/strangers.h"

enum session_statement {
	SESSION_CREDENTIALS,
	SESSION_CREATE,
	SESSION_WHOAMI,
	SESSION_END,
	SESSION_MAY_REGISTER,
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

/* Indexed by enum session_statement. */
extern const struct pg_statement session_statements[];

/* The state of a worker. */
struct worker {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct strangers *strangers; /* NULL: plain CGI */
	struct metric *abandoned; /* requests whose client had gone; or NULL */
};

/* The caller, and its hash as a parameter. */
struct known {
	struct identity who;
	struct pg_param hash;
};

/* Runs a statement without answering the request, and rings the doorbell after
 * one that writes to the log. *result as in pg_run(). */
enum pg_status session_run(struct worker *w, enum session_statement which,
			   int n, const struct pg_param *params,
			   struct pg_result **result);

/* Runs a statement. NULL when it failed, with the failure answered. */
struct pg_result *session_ask(struct worker *w, enum session_statement which,
			      int n, const struct pg_param *params);

/* Answers 4003 for one field. */
void session_refuse_field(struct worker *w, const char *field,
			  const char *sentence);

/* Reads a JSON object, and checks that no page of another site sends it. NULL
 * when it has answered with a refusal. Free with json_free(). */
struct json *session_read(struct worker *w);

/* The fault of a text member, NULL for none. */
const char *session_text(const struct json *body, const char *name,
			 const char **out);

/* Reads a password: present, and short enough to hash. False when it has
 * answered with a refusal. */
bool session_password(struct worker *w, const struct json *body,
		      const char *name, const char **out);
/* Reads a new password. */
bool session_new_password(struct worker *w, const struct json *body,
			  const char *name, const char **out);
/* Hashes a password. False when it failed and has answered, or when the client
 * has gone. */
bool session_hash(struct worker *w, const char *password, char *out);

/* Whether a password matches a hash. NULL is the hash of nobody, and takes the
 * same time. *stale: the hash should be made anew. */
enum session_verdict {
	SESSION_RIGHT,
	SESSION_WRONG,
	SESSION_GONE /* the client has gone; the request has ended */
};
enum session_verdict session_verify(struct worker *w, const char *hash,
				    const char *password, bool *stale);

/* Finds the caller. use: IDENTITY_READ or IDENTITY_CHANGE. False when it has
 * answered with a refusal. Free with identity_free(&out->who). */
bool session_know(struct worker *w, enum identity_use use, struct known *out);

/* Counts an attempt at a password before it is checked; username may be NULL.
 * False when there were too many, with the answer sent. */
bool session_attempt(struct worker *w, const char *username);
/* The same for a registration. Also answers when registration is closed. */
bool session_may_register(struct worker *w);
/* The password was right: takes the attempt back. */
void session_succeeded(struct worker *w, const char *username);

/* The hash of the cookie that a browser kept from an earlier log-in, as a
 * parameter. Its data is NULL without one. */
struct pg_param session_device(struct worker *w,
			       unsigned char hash[SECRET_HASH_SIZE]);

/* log_in.c */
void session_post_login(struct worker *w);
void session_post_register(struct worker *w);
void session_post_ticket(struct worker *w);
void session_get(struct worker *w);
void session_get_options(struct worker *w);
void session_delete(struct worker *w);

/* password.c */
void session_post_password(struct worker *w);
void session_post_reset(struct worker *w);
/* Whether links for forgotten passwords are sent. */
bool session_resets(const struct config *config);

#endif
