/* command: see command.h. Used by confab-command, one request at a time; owns
 * the table of commands as this connection to the database knows it. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "logger.h"
#include "richtext.h"
#include "utf8.h"
#include "xalloc.h"

enum {
	ID_LIMIT = 64, /* characters of an id, a client_id */
	ATTEMPTS = 3,  /* at a transaction that others got in the way of */
	PATHS = 8,     /* rich-text fields of one command */
};

/* A row of confab.command. */
struct entry {
	char *name, *statement;
	char *rich_text[PATHS]; /* "content", "extra_fields.content" */
	bool rings;             /* it may store something */
	bool prepared;
	char label[24]; /* of the prepared statement */
};

struct command_table {
	const struct config *config;
	struct pg *pg;
	_Atomic long long *shared_ring;
	struct entry *entries;
	int count;
};

/* One command on its way. */
struct call {
	struct command_table *table;
	const struct command_request *request;
	struct json *envelope;
	const struct json *id; /* NULL: none */
	struct entry *entry;
	struct buf *out;
};

struct command_table *command_create(const struct config *config, struct pg *pg,
				     _Atomic long long *shared_ring)
{
	struct command_table *table = xcalloc(1, sizeof(*table));

	table->config = config;
	table->pg = pg;
	table->shared_ring = shared_ring;
	return table;
}

static void forget_entries(struct command_table *table)
{
	for (int i = 0; i < table->count; i++) {
		free(table->entries[i].name);
		free(table->entries[i].statement);
		for (int j = 0; j < PATHS; j++)
			free(table->entries[i].rich_text[j]);
	}
	free(table->entries);
	table->entries = NULL;
	table->count = 0;
}

void command_free(struct command_table *table)
{
	if (!table)
		return;
	forget_entries(table);
	free(table);
}

/* Reads "{a,b.c}", as PostgreSQL prints an array of plain words. */
static void read_paths(struct entry *entry, const char *array)
{
	int n = 0;

	for (const char *p = array ? array : ""; *p && n < PATHS;) {
		size_t len = strcspn(p, "{},\"");

		if (len)
			entry->rich_text[n++] = strndup(p, len);
		p += len + (p[len] != '\0');
	}
}

static void read_entry(struct entry *entry, const struct pg_result *r, int row)
{
	const char *rings = pg_field(r, row, 3);

	entry->name = xstrdup(pg_field(r, row, 0));
	entry->statement = xstrdup(pg_field(r, row, 1));
	read_paths(entry, pg_field(r, row, 2));
	entry->rings = rings && *rings == 't';
	snprintf(entry->label, sizeof(entry->label), "command_%d", row);
}

static enum pg_status load_entries(struct command_table *table)
{
	struct pg_result *r = NULL;
	enum pg_status status;

	forget_entries(table);
	status = pg_prepare(table->pg, "list",
			    "select name, statement, rich_text, rings"
			    " from confab.command_list()");
	if (status == PG_OK)
		status = pg_prepare(table->pg, "ring", "select confab.ring()");
	if (status == PG_OK)
		status = pg_run(table->pg, "list", 0, NULL, NULL, &r);
	if (status == PG_OK) {
		table->count = pg_rows(r);
		table->entries = xcalloc((size_t)table->count + 1,
					 sizeof(*table->entries));
		for (int i = 0; i < table->count; i++)
			read_entry(&table->entries[i], r, i);
	} else if (status == PG_FAILED) {
		logger(LEVEL_ERROR, "command_list", "why=\"%s\"",
		       r ? pg_message(r) : pg_reason(table->pg));
	}
	pg_result_free(r);
	return status;
}

/* A connection with the table read from it. */
static bool connect_database(struct command_table *table)
{
	bool fresh;

	if (pg_connect(table->pg, &fresh) != PG_OK)
		return false;
	return (!fresh && table->count) || load_entries(table) == PG_OK;
}

static struct entry *find(struct command_table *table, const char *name)
{
	for (int i = 0; i < table->count; i++)
		if (!strcmp(table->entries[i].name, name))
			return &table->entries[i];
	return NULL;
}

/* Appends a JSON object with the id put before its last brace. */
static void add_with_id(struct call *call, const char *json)
{
	size_t len = strlen(json);

	if (!call->id || !len || json[len - 1] != '}') {
		buf_add(call->out, json, len);
		return;
	}
	buf_add(call->out, json, len - 1);
	buf_add_text(call->out, ",\"id\":");
	json_print(call->id, call->out);
	buf_add_text(call->out, "}");
}

static enum confab_error fail(struct call *call, enum confab_error error,
			      const char *detail)
{
	struct buf body = { 0 };

	error_body(&body, error, detail);
	add_with_id(call, buf_text(&body));
	buf_free(&body);
	return error;
}

/* 4003 by field: {"data": ["…"]}. */
static enum confab_error fail_field(struct call *call, const char *field,
				    const char *sentence)
{
	struct buf body = { 0 };

	buf_addf(&body,
		 "{\"error\":{\"code\":4003,\"detail\":{\"%s\":[\"%s\"]}}}",
		 field, sentence);
	add_with_id(call, buf_text(&body));
	buf_free(&body);
	return ERROR_INVALID;
}

static enum confab_error fail_event_type(struct call *call)
{
	add_with_id(call, "{\"error\":\"invalid event type\"}");
	return ERROR_EVENT_TYPE;
}

static size_t characters(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static bool valid_id(const struct json *id)
{
	int64_t number;
	size_t len;
	const char *text = json_string(id, &len);

	return text ? characters(text, len) <= ID_LIMIT
		    : json_integer(id, &number);
}

/* Reads the envelope: PROTOCOL section 9, "Envelope". */
static enum confab_error read_envelope(struct call *call)
{
	const struct json *id, *type;

	if (json_kind(call->envelope) != JSON_OBJECT)
		return fail(call, ERROR_INVALID, "A command is a JSON object.");
	id = json_get(call->envelope, "id");
	if (id && !valid_id(id))
		return fail_field(call, "id",
				  "Must be a string of at most 64 characters "
				  "or an integer.");
	call->id = id;
	type = json_get(call->envelope, "event_type");
	if (!type)
		return fail_event_type(call);
	if (json_kind(type) != JSON_STRING)
		return fail_field(call, "event_type", "Not a valid string.");
	call->entry = find(call->table, json_string(type, NULL));
	if (!call->entry)
		return fail_event_type(call);
	if (json_get(call->envelope, "data") &&
	    json_kind(json_get(call->envelope, "data")) != JSON_OBJECT)
		return fail_field(call, "data", "Must be an object.");
	return ERROR_NONE;
}

/* Follows "extra_fields.content" to its object; the last name in *name. */
static struct json *follow(struct json *object, const char *path, char *name,
			   size_t cap)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		snprintf(name, cap, "%.*s", (int)(dot - path), path);
		object = (struct json *)(uintptr_t)json_get(object, name);
		path = dot + 1;
	}
	snprintf(name, cap, "%s", path);
	return object;
}

static void clean_field(struct json *data, const char *path)
{
	char name[64];
	struct json *object = follow(data, path, name, sizeof(name));
	size_t len;
	const char *text = json_string(json_get(object, name), &len);
	struct buf clean = { 0 };

	if (!text)
		return;
	while (len && strchr(" \t\r\n\f\v", *text)) {
		text++;
		len--;
	}
	while (len && strchr(" \t\r\n\f\v", text[len - 1]))
		len--;
	/* The rules refuse what was blank, not what sanitises to nothing: tell
	 * them which it was. */
	if (len)
		richtext_clean(&clean, text, len, false);
	if (len && !clean.len)
		json_set_string(object, "emptied", "t", 1);
	json_set_string(object, name, clean.len ? clean.data : "", clean.len);
	buf_free(&clean);
}

static void print_data(struct call *call, struct buf *out)
{
	const struct json *data = json_get(call->envelope, "data");

	if (!data) {
		buf_add_text(out, "{}");
		return;
	}
	for (int i = 0; i < PATHS && call->entry->rich_text[i]; i++)
		clean_field((struct json *)(uintptr_t)data,
			    call->entry->rich_text[i]);
	json_print(data, out);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Whether this command rings: one of a host's in each interval. The tail that
 * was rung reads on for a while, so that the others need not. */
static bool rings(const struct call *call)
{
	_Atomic long long *shared = call->table->shared_ring;
	long long now, last;

	if (!call->entry->rings)
		return false;
	if (!shared)
		return true;
	now = now_ms();
	last = atomic_load(shared);
	return now - last >= call->table->config->doorbell_interval &&
	       atomic_compare_exchange_strong(shared, &last, now);
}

static enum confab_error fail_unavailable(struct call *call, bool unknown)
{
	struct buf body = { 0 };

	if (!unknown)
		return fail(call, ERROR_UNAVAILABLE, NULL);
	buf_addf(&body,
		 "{\"error\":{\"code\":%d,\"detail\":\"%s\",\"unknown\":true}}",
		 error_info(ERROR_UNAVAILABLE)->code,
		 error_info(ERROR_UNAVAILABLE)->detail);
	add_with_id(call, buf_text(&body));
	buf_free(&body);
	return ERROR_UNAVAILABLE;
}

static enum confab_error fail_statement(struct call *call,
					const struct pg_result *r)
{
	enum confab_error error = error_from_sqlstate(pg_sqlstate(r));

	if (*pg_detail(r) == '{' && pg_sqlstate(r)[0] == 'C') {
		add_with_id(call, pg_detail(r));
		return error;
	}
	if (error == ERROR_INTERNAL || error == ERROR_UNAVAILABLE)
		logger(LEVEL_ERROR, "command",
		       "name=%s request=%s sqlstate=%s why=\"%s\"",
		       call->entry->name, call->request->request_id,
		       pg_sqlstate(r), pg_message(r));
	return fail(call, error, NULL);
}

/* The answer, by who asks: PROTOCOL section 4. */
static void succeed(struct call *call, const struct pg_result *r)
{
	const char *reply = pg_rows(r) ? pg_field(r, 0, 0) : NULL;
	const char *dispatch = pg_rows(r) ? pg_field(r, 0, 1) : NULL;
	const char *seq = pg_rows(r) ? pg_field(r, 0, 2) : NULL;

	if (reply) {
		add_with_id(call, reply);
	} else if (!dispatch) {
		add_with_id(call, "{\"status\":\"success\"}");
	} else if (!call->request->websocket) {
		add_with_id(call, dispatch);
	} else if (call->id) {
		buf_add_text(call->out, "{\"id\":");
		json_print(call->id, call->out);
		buf_add_text(call->out, ",\"status\":\"success\"");
		if (seq)
			buf_addf(call->out, ",\"seq\":%s", seq);
		buf_add_text(call->out, "}");
	}
}

static bool in_the_way(const struct pg_result *r)
{
	const char *state = pg_sqlstate(r);

	return !strcmp(state, "40001") || !strcmp(state, "40P01");
}

static enum pg_status run(struct call *call, const struct pg_param *params,
			  struct pg_result **r)
{
	struct entry *entry = call->entry;
	enum pg_status status = PG_OK;

	if (!entry->prepared)
		status = pg_prepare(call->table->pg, entry->label,
				    entry->statement);
	if (status != PG_OK)
		return status;
	entry->prepared = true;
	for (int i = 0; i < ATTEMPTS; i++) {
		pg_result_free(*r);
		status = pg_run(call->table->pg, entry->label, 4, params,
				rings(call) ? "ring" : NULL, r);
		if (status != PG_FAILED || !in_the_way(*r))
			break;
	}
	return status;
}

static enum confab_error execute(struct call *call)
{
	const struct command_request *q = call->request;
	struct buf data = { 0 };
	struct pg_param params[] = {
		{ .data = (const char *)q->token_hash,
		  .len = 32,
		  .binary = true },
		{ .data = q->session },
		{ .data = q->idempotency_key },
		{ .data = NULL },
	};
	struct pg_result *r = NULL;
	enum confab_error error = ERROR_NONE;
	enum pg_status status;

	print_data(call, &data);
	params[3].data = buf_text(&data);
	status = run(call, params, &r);
	if (status == PG_OK) {
		succeed(call, r);
	} else if (status == PG_FAILED && r) {
		error = fail_statement(call, r);
	} else if (status == PG_FAILED) {
		logger(LEVEL_ERROR, "prepare", "name=%s why=\"%s\"",
		       call->entry->name, pg_reason(call->table->pg));
		error = fail(call, ERROR_INTERNAL, NULL);
	} else {
		error = fail_unavailable(call, status == PG_UNKNOWN &&
						       call->entry->rings);
	}
	pg_result_free(r);
	buf_free(&data);
	return error;
}

enum confab_error command_execute(struct command_table *table,
				  const struct command_request *request,
				  struct buf *out)
{
	struct call call = { .table = table, .request = request, .out = out };
	const char *why;
	enum confab_error error;

	if (!request->token_hash)
		return fail(&call, ERROR_UNAUTHENTICATED, NULL);
	if (request->idempotency_key &&
	    (!utf8_valid(request->idempotency_key,
			 strlen(request->idempotency_key)) ||
	     characters(request->idempotency_key,
			strlen(request->idempotency_key)) > ID_LIMIT))
		return fail_field(&call, "client_id",
				  "Ensure this field has no more than 64 "
				  "characters.");
	call.envelope = json_parse(request->body, request->body_len,
				   table->config->max_depth, &why);
	if (!call.envelope)
		return fail(&call, ERROR_INVALID, why);
	call.id = json_get(call.envelope, "id");
	if (!call.id || !valid_id(call.id))
		call.id = NULL;
	if (!connect_database(table))
		error = fail_unavailable(&call, false);
	else
		error = read_envelope(&call);
	if (error == ERROR_NONE)
		error = execute(&call);
	json_free(call.envelope);
	return error;
}
