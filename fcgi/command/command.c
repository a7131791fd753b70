/* command: takes one command from its request to its answer. Called by
 * confab-command, one request at a time.
 *
 * Parsing a body is the most expensive thing that a stranger can cause, so the
 * head of the request decides first: the address's rate, the log-in, the
 * account's share of the workers and its rate. Only the rate of the command's
 * class needs its name. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "base/xalloc.h"
#include "command_table.h"
#include "envelope.h"
#include "text/command_id.h"

enum {
	REPEATS = 3, /* attempts of a transaction that collides with others */
	PAUSE = 10   /* ms before a new attempt, at most */
};

static const struct pg_statement RING = { "ring", "select confab.ring()" };
/* Returns the account of a token's hash. Raises 4001. */
static const struct pg_statement ACCOUNT = {
	"account", "select account_id from confab.authenticate($1::bytea)"
};

struct commands {
	const struct config *config;
	struct pg *pg;
	struct traffic *traffic;
	struct command_table *table;
};

/* A command that is being executed. */
struct call {
	struct commands *commands;
	const struct command_request *request;
	struct envelope envelope;
	struct buf *out;
	int64_t account;          /* 0: unknown, so it has no limits */
	struct pg_result *result; /* the last attempt's */
	bool stores;              /* as in entry->rings */
	enum traffic_class rate_class;
};

struct commands *command_create(const struct config *config, struct pg *pg,
				struct traffic *traffic)
{
	struct commands *commands = xcalloc(1, sizeof(*commands));

	commands->config = config;
	commands->pg = pg;
	commands->traffic = traffic;
	commands->table = command_table_create(pg);
	return commands;
}

void command_free(struct commands *commands)
{
	if (!commands)
		return;
	command_table_free(commands->table);
	free(commands);
}

static bool connect_database(struct commands *commands)
{
	bool fresh, connected = command_table_connect(commands->table, &fresh);

	if (connected && fresh && commands->traffic)
		traffic_connected(commands->traffic);
	return connected;
}

static void log_failure(const struct call *call, const char *sqlstate,
			const char *why)
{
	logger(LEVEL_ERROR, "command",
	       "request=%s event=%.64s sqlstate=%s why=\"%s\"",
	       call->request->request_id ? call->request->request_id : "",
	       call->envelope.event_type ? call->envelope.event_type : "",
	       sqlstate, why);
}

static struct error_answer fail_call(struct call *call, enum confab_error error,
				     const char *detail)
{
	envelope_fail(&call->envelope, error, detail, call->out);
	return error_answer(error, NULL);
}

/* Fails because the database is away. */
static struct error_answer fail_unavailable(struct call *call)
{
	log_failure(call, "none", pg_reason(call->commands->pg));
	return fail_call(call, ERROR_UNAVAILABLE, NULL);
}

/* Fails because the connection broke in the middle: the database may have
 * executed the command. */
static struct error_answer fail_unknown(struct call *call)
{
	const struct error_info *info = error_info(ERROR_UNAVAILABLE);
	struct buf body = { 0 };

	log_failure(call, "unknown", pg_reason(call->commands->pg));
	buf_addf(&body,
		 "{\"error\":{\"code\":%d,\"detail\":\"%s\",\"unknown\":true}}",
		 info->code, info->detail);
	envelope_answer(&call->envelope, buf_text(&body), call->out);
	buf_free(&body);
	return error_answer(ERROR_UNAVAILABLE, NULL);
}

static struct error_answer fail_statement(struct call *call)
{
	const struct pg_result *result = call->result;
	const char *sqlstate = pg_sqlstate(result);
	struct error_answer answer =
		error_answer_statement(sqlstate, pg_detail(result));

	if (answer.http_status >= 500)
		log_failure(call, sqlstate, pg_message(result));
	if (!answer.body)
		return fail_call(call, answer.error, NULL);
	envelope_answer(&call->envelope, answer.body, call->out);
	answer.body = NULL; /* it belongs to the result, which is freed */
	return answer;
}

/* Writes the answer in the form that suits the caller (docs/protocol.md). */
static void write_reply(struct call *call)
{
	const struct pg_result *result = call->result;
	bool any = pg_rows(result) > 0;
	const char *reply = any ? pg_field(result, 0, 0) : NULL;
	const char *dispatch = any ? pg_field(result, 0, 1) : NULL;
	const char *seq = any ? pg_field(result, 0, 2) : NULL;
	bool websocket = call->request->websocket;
	bool has_id = call->envelope.id.len > 0;

	/* An empty dispatch was a signal, which the caller's stream brings. */
	if (dispatch && !*dispatch) {
		if (websocket && !has_id)
			return;
		dispatch = NULL;
	}
	if (reply)
		envelope_answer(&call->envelope, reply, call->out);
	else if (websocket && seq && (dispatch || has_id))
		envelope_acknowledge(&call->envelope, seq, call->out);
	else if (!dispatch)
		envelope_answer(&call->envelope, "{\"status\":\"success\"}",
				call->out);
	else
		envelope_answer(&call->envelope, dispatch, call->out);
}

/* Makes one attempt on a connection that exists. */
static enum pg_status attempt_call(struct call *call,
				   const struct pg_param *params, bool ring)
{
	struct commands *commands = call->commands;
	struct command_entry *entry =
		command_table_find(commands->table, call->envelope.event_type);

	pg_result_free(call->result);
	call->result = NULL;
	if (!entry)
		return PG_FAILED; /* removed from the table just now */
	return pg_run(commands->pg, &entry->statement, 4, params,
		      ring ? &RING : NULL, &call->result);
}

/* Whether a new attempt may succeed; only when nothing was done yet. */
static bool is_repeatable(struct call *call, enum pg_status status)
{
	const char *sqlstate;

	if (status == PG_UNKNOWN)
		return !call->stores;
	if (status != PG_FAILED)
		return false;
	sqlstate = call->result ? pg_sqlstate(call->result) : NULL;
	/* The statement can't be prepared or a function is missing: an operator
	 * may just have removed it. The stamp shows whether that is so. */
	if (!sqlstate || strcmp(sqlstate, "42883") == 0) {
		command_table_suspect(call->commands->table);
		return true;
	}
	if (pg_is_stale(call->result))
		return true;
	/* A collision with others: a serialization failure or a deadlock. */
	return !strcmp(sqlstate, "40001") || !strcmp(sqlstate, "40P01");
}

static void pause_before_repeat(void)
{
	const struct timespec ts = { .tv_nsec = (1 + secret_random(PAUSE)) *
						1000000L };

	nanosleep(&ts, NULL);
}

/* Answers for a command that does not exist. Only a logged-in caller learns
 * that. */
static struct error_answer refuse_event(struct call *call)
{
	const struct pg_param hash = {
		.data = (const char *)call->request->token_hash,
		.len = SECRET_HASH_SIZE,
		.binary = true
	};
	enum pg_status status;

	pg_result_free(call->result);
	call->result = NULL;
	status = pg_run(call->commands->pg, &ACCOUNT, 1, &hash, NULL,
			&call->result);
	if (status == PG_FAILED && call->result)
		return fail_statement(call);
	return status == PG_OK ? fail_call(call, ERROR_EVENT_TYPE, NULL)
			       : fail_unavailable(call);
}

static struct error_answer carry_out(struct call *call, const char *data)
{
	const struct command_request *request = call->request;
	const struct pg_param params[] = {
		{ .data = (const char *)request->token_hash,
		  .len = SECRET_HASH_SIZE,
		  .binary = true },
		{ .data = request->session },
		{ .data = request->idempotency_key },
		{ .data = data },
	};
	struct traffic *traffic = call->commands->traffic;
	bool ring = call->stores && (!traffic || traffic_claim_ring(traffic));
	enum pg_status status = attempt_call(call, params, ring);

	for (int i = 0; i < REPEATS && is_repeatable(call, status); i++) {
		pause_before_repeat();
		status = connect_database(call->commands)
				 ? attempt_call(call, params, ring)
				 : PG_AWAY;
	}
	if (status == PG_OK) {
		write_reply(call);
		return error_answer(ERROR_NONE, NULL);
	}
	if (status == PG_FAILED && call->result)
		return fail_statement(call);
	if (status == PG_FAILED &&
	    !command_table_find(call->commands->table,
				call->envelope.event_type))
		return refuse_event(call);
	if (status == PG_FAILED) {
		log_failure(call, "prepare", pg_reason(call->commands->pg));
		return fail_call(call, ERROR_INTERNAL, NULL);
	}
	return status == PG_UNKNOWN && call->stores ? fail_unknown(call)
						    : fail_unavailable(call);
}

static struct error_answer fail_rate(struct call *call, int seconds)
{
	struct error_answer answer;
	char text[12];

	snprintf(text, sizeof(text), "%d", seconds);
	answer = fail_call(call, ERROR_RATE, text);
	answer.retry_after = seconds;
	return answer;
}

/* Finds the id of a command that is not parsed, for the answer to it. */
static void find_id(struct call *call)
{
	const struct command_request *request = call->request;
	const struct buf *body;
	const char *why;

	if (request->read(request->context, &body, &why) == ERROR_NONE)
		command_id_find(body->data, body->len, &call->envelope.id);
}

/* Finds the account of the log-in. ERROR_NONE, or the answer for an unknown
 * log-in. Any other failure occurs again in the command itself, which reports
 * it. */
static struct error_answer find_account(struct call *call)
{
	struct commands *commands = call->commands;
	const unsigned char *hash = call->request->token_hash;
	const struct pg_param param = { .data = (const char *)hash,
					.len = SECRET_HASH_SIZE,
					.binary = true };
	enum pg_status status;

	call->account = traffic_account(commands->traffic, hash);
	if (call->account)
		return error_answer(ERROR_NONE, NULL);
	status = pg_run(commands->pg, &ACCOUNT, 1, &param, NULL, &call->result);
	if (status == PG_OK) {
		call->account = strtoll(pg_field(call->result, 0, 0), NULL, 10);
		traffic_learn(commands->traffic, hash, call->account);
		return error_answer(ERROR_NONE, NULL);
	}
	if (status != PG_FAILED || !call->result ||
	    error_answer_statement(pg_sqlstate(call->result),
				   pg_detail(call->result))
			    .error != ERROR_UNAUTHENTICATED)
		return error_answer(ERROR_NONE, NULL);
	find_id(call);
	return fail_statement(call);
}

static struct error_answer check_limits(struct call *call)
{
	struct traffic *traffic = call->commands->traffic;
	const struct command_request *request = call->request;
	int seconds = traffic_admit_address(traffic, request->address);
	struct error_answer answer;

	if (!seconds) {
		answer = find_account(call);
		if (answer.error != ERROR_NONE)
			return answer;
		if (call->account)
			seconds = traffic_begin(traffic, call->account,
						request->size);
	}
	if (!seconds)
		return error_answer(ERROR_NONE, NULL);
	find_id(call);
	return fail_rate(call, seconds);
}

/* Decides by the head of the request whether to go on. ERROR_NONE, or the
 * answer. */
static struct error_answer admit_call(struct call *call)
{
	const struct commands *commands = call->commands;

	if (!connect_database(call->commands)) {
		find_id(call);
		return fail_unavailable(call);
	}
	if (!commands->traffic || !commands->config->rate_limits)
		return error_answer(ERROR_NONE, NULL);
	return check_limits(call);
}

static struct error_answer execute_call(struct call *call)
{
	struct envelope *envelope = &call->envelope;
	struct commands *commands = call->commands;
	struct buf data = { 0 };
	struct error_answer answer;
	struct command_entry *entry =
		command_table_find(commands->table, envelope->event_type);
	int seconds = 0;

	if (entry)
		call->rate_class = entry->rate_class;
	if (call->account)
		seconds = traffic_admit_class(commands->traffic,
					      call->rate_class, call->account);
	if (seconds)
		return fail_rate(call, seconds);
	if (!entry)
		return refuse_event(call);
	call->stores = entry->rings;
	for (int i = 0; i < COMMAND_PATHS && entry->rich_text[i]; i++)
		envelope_clean(envelope, entry->rich_text[i],
			       entry->keep_class_id);
	envelope_print(envelope, &data);
	answer = carry_out(call, buf_text(&data));
	buf_free(&data);
	return answer;
}

static bool is_key(const char *key)
{
	size_t len = key ? strlen(key) : 0;

	return utf8_valid(key, len) &&
	       utf8_characters(key, len) <= COMMAND_ID_MAX;
}

/* Reads the request. ERROR_NONE, or the error that it has answered. */
static enum confab_error read_request(struct call *call)
{
	const struct command_request *request = call->request;
	const struct buf *body;
	const char *why = NULL;
	enum confab_error error = request->read(request->context, &body, &why);
	struct uuid session;

	if (error != ERROR_NONE) {
		fail_call(call, error, why);
		return error;
	}
	error = envelope_parse(&call->envelope, body->len ? body->data : "",
			       body->len, call->commands->config->max_depth,
			       call->out);
	if (error != ERROR_NONE)
		return error;
	if (!is_key(request->idempotency_key))
		why = "Idempotency-Key must be UTF-8 of at most 64 characters.";
	else if (request->session && !uuid_parse(&session, request->session))
		why = "Not a session.";
	if (!why)
		return ERROR_NONE;
	fail_call(call, ERROR_INVALID, why);
	return ERROR_INVALID;
}

struct error_answer command_execute(struct commands *commands,
				    const struct command_request *request,
				    struct buf *out)
{
	struct call call = { .commands = commands,
			     .request = request,
			     .out = out,
			     .rate_class = TRAFFIC_OTHER };
	int64_t began = clock_us(), took = 0;
	struct error_answer answer;

	if (!request->token_hash)
		return fail_call(&call, ERROR_UNAUTHENTICATED, NULL);
	answer = admit_call(&call);
	if (answer.error == ERROR_NONE)
		answer = error_answer(read_request(&call), NULL);
	if (answer.error == ERROR_NONE) {
		took = -clock_us();
		answer = execute_call(&call);
		took += clock_us();
	}
	if (commands->traffic) {
		traffic_end(commands->traffic, call.account, took);
		traffic_done(commands->traffic, call.rate_class, answer.error,
			     clock_us() - began);
	}
	pg_result_free(call.result);
	envelope_free(&call.envelope);
	return answer;
}
