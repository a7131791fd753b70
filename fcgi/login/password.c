/* password: changes a password, and makes a new one through a link that is
 * mailed to a user who has forgotten it. */
#include <string.h>

#include "base/crypto.h"
#include "base/logger.h"
#include "mail.h"
#include "session.h"

static const char ACCEPTED[] = "{\"status\":\"accepted\"}";

/* Makes the new password the caller's; the old one was right. */
static void change_password(struct worker *w, const struct known *caller,
			    const char *password)
{
	char hash[SECRET_PASSWORD_SIZE];
	const struct pg_param params[] = { caller->hash, { .data = hash } };
	struct pg_result *result;

	if (!session_hash(w, password, hash))
		return;
	result = session_ask(w, SESSION_CHANGE, 2, params);
	if (result)
		http_respond(w->http, 204, NULL, 0);
	pg_result_free(result);
}

/* Whether the old password is right. Guessing is limited as at log-in. False
 * when it has answered. */
static bool check_old(struct worker *w, const struct pg_result *account,
		      const char *password)
{
	const char *username = pg_field(account, 0, 0);
	enum session_verdict verdict;
	bool stale;

	if (!session_attempt(w, username))
		return false;
	verdict = session_verify(w, pg_field(account, 0, 1), password, &stale);
	if (verdict == SESSION_WRONG)
		session_refuse_field(w, "old_password", "Wrong password.");
	if (verdict != SESSION_RIGHT)
		return false;
	session_succeeded(w, username);
	return true;
}

static void post_password(struct worker *w, const struct known *caller,
			  const struct json *body)
{
	const char *old, *new;
	struct pg_result *account =
		session_ask(w, SESSION_PASSWORD, 1, &caller->hash);

	if (account && pg_rows(account) > 0 &&
	    session_password(w, body, "old_password", &old) &&
	    session_new_password(w, body, "new_password", &new) &&
	    check_old(w, account, old))
		change_password(w, caller, new);
	pg_result_free(account);
}

void session_post_password(struct worker *w)
{
	struct known caller;
	struct json *body;

	if (!session_know(w, IDENTITY_CHANGE, &caller))
		return;
	body = session_read(w);
	if (body)
		post_password(w, &caller, body);
	json_free(body);
	identity_free(&caller.who);
}

static void send_link(struct worker *w, const char *username, const char *email,
		      const char *token)
{
	struct buf message = { 0 };

	if (!mail_is_address(email)) {
		logger(LEVEL_WARN, "reset",
		       "request=%s why=\"not a plain address\"",
		       http_request_id(w->http));
		return;
	}
	buf_addf(&message,
		 "To: %s\r\nSubject: A new password\r\n"
		 "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: 8bit\r\n\r\n"
		 "Somebody, probably you, asked for a new password for the "
		 "account %s.\r\nIt is set here, within an hour:\r\n\r\n"
		 "%s%s\r\n\r\n"
		 "If it was not you there is nothing to do.\r\n",
		 email, username, w->config->reset_url, token);
	mail_send(w->config->mail_command, message.data, message.len);
	buf_free(&message);
}

/* Answers before it looks anything up, so the answer and its time are the same
 * whether the account exists or not. */
static void ask_for_link(struct worker *w, const char *username,
			 const char *email)
{
	unsigned char hash[SECRET_HASH_SIZE];
	const struct pg_param params[] = {
		{ .data = username },
		{ .data = email },
		{ .data = (const char *)hash,
		  .len = sizeof(hash),
		  .binary = true },
	};
	struct pg_result *result = NULL;
	char token[44];

	if (!session_attempt(w, NULL))
		return;
	http_respond(w->http, 202, ACCEPTED, sizeof(ACCEPTED) - 1);
	secret_token(token);
	secret_hash(token, hash);
	if (session_run(w, SESSION_RESET_BEGIN, 3, params, &result) != PG_OK)
		logger(LEVEL_ERROR, "reset", "request=%s why=\"%s\"",
		       http_request_id(w->http), pg_reason(w->pg));
	else if (pg_rows(result) > 0)
		send_link(w, pg_field(result, 0, 0), pg_field(result, 0, 1),
			  token);
	pg_result_free(result);
}

/* Whether a boolean statement returned true. Otherwise answers and returns
 * false. */
static bool link_is_good(struct worker *w, const struct pg_result *result)
{
	bool good = result && *pg_field(result, 0, 0) == 't';

	if (result && !good)
		session_refuse_field(w, "token", "This link is not valid.");
	return good;
}

/* Checks the link before it spends time on hashing. */
static void follow_link(struct worker *w, const char *token,
			const char *password)
{
	unsigned char digest[SECRET_HASH_SIZE];
	char hash[SECRET_PASSWORD_SIZE];
	const struct pg_param params[] = {
		{ .data = (const char *)digest,
		  .len = sizeof(digest),
		  .binary = true },
		{ .data = hash },
	};
	struct pg_result *result;
	bool good;

	if (!session_attempt(w, NULL))
		return;
	secret_hash(token, digest);
	result = session_ask(w, SESSION_RESET_CHECK, 1, params);
	good = link_is_good(w, result);
	pg_result_free(result);
	if (!good || !session_hash(w, password, hash))
		return;
	session_succeeded(w, NULL);
	result = session_ask(w, SESSION_RESET_FINISH, 2, params);
	if (link_is_good(w, result))
		http_respond(w->http, 204, NULL, 0);
	pg_result_free(result);
}

static void post_reset(struct worker *w, const struct json *body)
{
	bool by_email = !json_has(body, "username") && json_has(body, "email");
	const char *token, *password, *name, *why;

	if (json_has(body, "token")) {
		why = session_text(body, "token", &token);
		if (why)
			session_refuse_field(w, "token", why);
		else if (session_new_password(w, body, "new_password",
					      &password))
			follow_link(w, token, password);
		return;
	}
	why = session_text(body, by_email ? "email" : "username", &name);
	if (why)
		session_refuse_field(w, by_email ? "email" : "username", why);
	else
		ask_for_link(w, by_email ? NULL : name, by_email ? name : NULL);
}

bool session_resets(const struct config *config)
{
	return *config->mail_command && *config->reset_url;
}

void session_post_reset(struct worker *w)
{
	struct json *body;

	if (!session_resets(w->config)) {
		http_fail(w->http, ERROR_DENIED,
			  "Passwords are not reset here.");
		return;
	}
	body = session_read(w);
	if (body)
		post_reset(w, body);
	json_free(body);
}
