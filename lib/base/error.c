/* error: the protocol's error codes in one table. Called by everything that
 * answers a client; owns the table. */
#include "base/error.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct error_info table[] = {
	[ERROR_NONE] = { 0, 200, 0, "" },
	[ERROR_UNAUTHENTICATED] = { 4001, 401, 0, "Authentication required." },
	[ERROR_DENIED] = { 4002, 403, 0, "Permission denied." },
	[ERROR_INVALID] = { 4003, 422, 0, "Invalid request." },
	[ERROR_NOT_FOUND] = { 4004, 404, 0, "Resource not found." },
	[ERROR_CONFLICT] = { 4005, 409, 0, "Database constraint violated." },
	[ERROR_INTERNAL] = { 4006, 500, 0, "Internal server error." },
	[ERROR_TOO_LARGE] = { 4013, 413, 0, "Request too large." },
	[ERROR_RATE] = { 4029, 429, 10, "10" },
	[ERROR_UNAVAILABLE] = { 4053, 503, 2, "Temporarily unavailable." },
	[ERROR_EVENT_TYPE] = { 4003, 400, 0, "invalid event type" },
};

enum {
	TABLE_ROWS = sizeof(table) / sizeof(table[0]),
	BODY_DEPTH = 64,      /* nesting of JSON in a body made by SQL */
	LONGEST_WAIT = 86400, /* s, the largest Retry-After */
};

const struct error_info *error_info(enum confab_error error)
{
	if ((size_t)error >= TABLE_ROWS)
		error = ERROR_INTERNAL;
	return &table[error];
}

/* ERROR_INTERNAL when the code is unknown. */
static enum confab_error error_from_code(int code)
{
	for (size_t i = ERROR_NONE + 1; i < TABLE_ROWS; i++)
		if (table[i].code == code)
			return (enum confab_error)i;
	return ERROR_INTERNAL;
}

/* The number in an SQLSTATE of ours: 4003 for "C4003". 0 for any other. */
static int own_code(const char *sqlstate)
{
	if (sqlstate[0] != 'C' || sqlstate[1] != '4' ||
	    strspn(sqlstate + 1, "0123456789") != 4 || sqlstate[5] != '\0')
		return 0;
	return (int)strtol(sqlstate + 1, NULL, 10);
}

static bool one_of(const char *sqlstate, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (strncmp(sqlstate, *prefixes, strlen(*prefixes)) == 0)
			return true;
	return false;
}

enum confab_error error_from_sqlstate(const char *sqlstate)
{
	/* Nothing was stored, and a retry may succeed: connection trouble,
	 * shutdown, resources, a standby, conflicts, time limits. */
	static const char *const away[] = { "08",    "57P0",  "53",
					    "25006", "40001", "40P01",
					    "57014", "55P03", NULL };
	/* Class 22, "data exception": a value was unusable. */
	static const char *const data[] = { "22", NULL };
	static const char *const constraint[] = { "23", NULL };
	int code;

	if (!sqlstate)
		return ERROR_INTERNAL;
	code = own_code(sqlstate);
	if (code)
		return error_from_code(code);
	if (one_of(sqlstate, constraint))
		return ERROR_CONFLICT;
	if (one_of(sqlstate, away))
		return ERROR_UNAVAILABLE;
	if (one_of(sqlstate, data))
		return ERROR_INVALID;
	return ERROR_INTERNAL;
}

/* The seconds in the detail of a body; 0 for none. */
static int seconds_of(const char *body)
{
	const char *why;
	struct json *root = json_parse(body, strlen(body), BODY_DEPTH, &why);
	const struct json *detail = json_get(json_get(root, "error"), "detail");
	const char *text = json_string(detail, NULL);
	int64_t seconds = 0;

	if (text && *text && strspn(text, "0123456789") == strlen(text))
		seconds = strtoll(text, NULL, 10);
	else if (!text)
		json_integer(detail, &seconds);
	json_free(root);
	return seconds > 0 && seconds <= LONGEST_WAIT ? (int)seconds : 0;
}

struct error_answer error_answer(enum confab_error error, const char *body)
{
	const struct error_info *info = error_info(error);
	struct error_answer answer = { .error = error,
				       .http_status = info->http_status,
				       .retry_after = info->retry_after,
				       .body = body };
	int seconds = error == ERROR_RATE && body ? seconds_of(body) : 0;

	if (seconds)
		answer.retry_after = seconds;
	return answer;
}

struct error_answer error_answer_statement(const char *sqlstate,
					   const char *detail)
{
	if (!sqlstate)
		return error_answer(ERROR_UNAVAILABLE, NULL);
	return error_answer(
		error_from_sqlstate(sqlstate),
		sqlstate[0] == 'C' && detail && *detail == '{' ? detail : NULL);
}

void error_body(struct buf *out, enum confab_error error, const char *detail)
{
	const struct error_info *info = error_info(error);
	bool list = error == ERROR_INVALID;

	if (error == ERROR_EVENT_TYPE) {
		buf_add_text(out, "{\"error\":\"invalid event type\"}");
		return;
	}
	if (!detail)
		detail = info->detail;
	buf_addf(out, "{\"error\":{\"code\":%d,\"detail\":", info->code);
	buf_add_text(out, list ? "[" : "");
	json_quote(out, detail, strlen(detail));
	buf_add_text(out, list ? "]}}" : "}}");
}

void error_field_body(struct buf *out, const char *field, const char *sentence)
{
	buf_addf(out, "{\"error\":{\"code\":%d,\"detail\":{",
		 error_info(ERROR_INVALID)->code);
	json_quote(out, field, strlen(field));
	buf_add_text(out, ":[");
	json_quote(out, sentence, strlen(sentence));
	buf_add_text(out, "]}}}");
}
