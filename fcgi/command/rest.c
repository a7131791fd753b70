/* rest: see rest.h. Called by main.c, one request at a time. */
#include "rest.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "rest_form.h"

/* A resource and a method of it. */
struct route {
	size_t option; /* of the configuration: its path */
	enum {
		PATH_WHOLE,
		PATH_WITH_ID
	} path;
	const char *method, *command, *shape;
	int status; /* of success */
	const char *names[REST_NAMES];
};

static const struct route ROUTES[] = {
	{ .option = offsetof(struct config, direct_people),
	  .method = "GET",
	  .command = "direct.people",
	  .shape = "center",
	  .status = 200,
	  .names = { "search", "limit", "offset" } },
	{ .option = offsetof(struct config, direct_messages),
	  .method = "GET",
	  .command = "direct.messages",
	  .shape = "center",
	  .status = 200,
	  .names = { "target", "recipient_id", "page" } },
	{ .option = offsetof(struct config, direct_messages),
	  .method = "POST",
	  .command = "direct.send",
	  .shape = "center",
	  .status = 201,
	  .names = { "recipient", "recipient_id", "body", "client_id" } },
	{ .option = offsetof(struct config, direct_messages),
	  .path = PATH_WITH_ID,
	  .method = "GET",
	  .command = "direct.message",
	  .shape = "center",
	  .status = 200 },
	{ .option = offsetof(struct config, direct_thread),
	  .method = "GET",
	  .command = "direct.messages",
	  .shape = "thread",
	  .status = 200,
	  .names = { "recipient_id" } },
	{ .option = offsetof(struct config, direct_thread),
	  .method = "POST",
	  .command = "direct.send",
	  .shape = "thread",
	  .status = 201,
	  .names = { "recipient", "recipient_id", "content", "client_id" } },
	{ .option = offsetof(struct config, direct_thread),
	  .path = PATH_WITH_ID,
	  .method = "GET",
	  .command = "direct.message",
	  .shape = "thread",
	  .status = 200 },
};

/* A request that is being served. */
struct call {
	struct server *server;
	const struct identity *who;
	const struct route *route;
	struct buf path; /* by which the route was found */
	const char *id;
	const char *said_to; /* see rest_tell(); NULL: plain HTTP */
	struct incoming in;
	struct buf command; /* made of the request */
	bool is_made;
	const char *why; /* what is wrong with it */
	struct buf out;
};

/* The rest of the path below the place of an option, without slashes at its
 * ends; NULL when the path is another. */
static const char *path_below(const struct config *config, size_t option,
			      const char *path, size_t *len)
{
	const char *place =
		*(char *const *)(const void *)((const char *)config + option);
	const char *mount = *place == '/' ? "/" : config->mount;
	size_t n;

	if (!*place || strncmp(path, mount, strlen(mount)) != 0)
		return NULL;
	path += strlen(mount);
	place += *place == '/';
	n = strlen(place);
	while (n && place[n - 1] == '/')
		n--;
	if (!n || strncmp(path, place, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	path += n;
	path += *path == '/';
	*len = strlen(path);
	*len -= *len && path[*len - 1] == '/';
	return path;
}

/* The paths by which a request may be known, the web server's own first: it may
 * have rewritten what was asked for. A program in a cgi-bin is asked for by its
 * own name, and what comes after it counts as below the mount point. */
enum path_source {
	PATH_OF_SERVER,
	PATH_ASKED_FOR,
	PATH_AFTER_PROGRAM,
	PATH_SOURCES
};

static void read_path(struct call *call, enum path_source source)
{
	struct http *http = call->server->http;
	const char *uri = http_param(http, "REQUEST_URI");
	const char *info = http_param(http, "PATH_INFO");

	call->path.len = 0;
	if (source == PATH_OF_SERVER)
		buf_addf(&call->path, "/%s", http_path(http, "/"));
	else if (source == PATH_ASKED_FOR && uri)
		buf_add(&call->path, uri, strcspn(uri, "?#"));
	else if (source == PATH_AFTER_PROGRAM && info && *info == '/')
		buf_addf(&call->path, "%s%s", call->server->config->mount,
			 info + 1);
}

/* Finds the route. False when the path is none of ours; otherwise *allow lists
 * the methods of the path, NULL for a path below ours that leads nowhere. */
static bool find_route(struct call *call, const char **allow)
{
	const char *method = http_method(call->server->http);
	bool is_ours = false;

	*allow = NULL;
	for (size_t i = 0; i < sizeof(ROUTES) / sizeof(*ROUTES); i++) {
		const struct route *route = &ROUTES[i];
		size_t len;
		const char *rest =
			path_below(call->server->config, route->option,
				   buf_text(&call->path), &len);

		if (!rest)
			continue;
		is_ours = true;
		if ((route->path == PATH_WITH_ID) != (len > 0) ||
		    memchr(rest, '/', len))
			continue;
		*allow = *allow ? "GET, POST" : route->method;
		if (strcmp(method, route->method) != 0)
			continue;
		call->route = route;
		call->id = rest;
	}
	return is_ours;
}

static const char *read_fields(struct call *call)
{
	const struct route *route = call->route;
	struct http *http = call->server->http;
	const struct buf *body = &call->in.body;
	const char *query = http_param(http, "QUERY_STRING");
	const char *why = NULL;

	if (query)
		why = rest_form_read(&call->command, query, strlen(query),
				     route->names);
	if (why || strcmp(route->method, "POST") != 0)
		return why;
	return http_is_json(http)
		       ? rest_form_read_json(
				 &call->command, body->len ? body->data : "",
				 body->len, call->server->config->max_depth,
				 route->names)
		       : rest_form_read_body(&call->command,
					     http_param(http, "CONTENT_TYPE"),
					     body->len ? body->data : "",
					     body->len, route->names);
}

/* Adds the path that links to other pages have: the one that was asked for. */
static void add_link(struct call *call)
{
	struct http *http = call->server->http;
	const char *uri = http_param(http, "REQUEST_URI");
	size_t len = uri ? strcspn(uri, "?#") : 0;

	buf_add_text(&call->command, ",\"path\":");
	if (len && *uri == '/' && utf8_valid(uri, len))
		json_quote(&call->command, uri, len);
	else
		json_quote(&call->command, buf_text(&call->path),
			   call->path.len);
}

/* Writes the command that the request stands for. */
static void make_command(struct call *call)
{
	struct buf *to = &call->command;
	size_t len = strlen(call->id);

	call->is_made = true;
	buf_addf(to, "{\"event_type\":\"%s\",\"data\":{\"shape\":\"%s\"",
		 call->route->command, call->route->shape);
	add_link(call);
	len -= len && call->id[len - 1] == '/';
	if (call->route->path == PATH_WITH_ID) {
		buf_add_text(to, ",\"message_id\":");
		json_quote(to, call->id, len);
	}
	if (call->said_to && *call->said_to) {
		buf_add_text(to, ",\"recipient_id\":");
		json_quote(to, call->said_to, strlen(call->said_to));
	}
	call->why = read_fields(call);
	buf_add_text(to, "}}");
}

static enum confab_error read_command(void *context, const struct buf **body,
				      const char **why)
{
	struct call *call = context;
	enum confab_error error = incoming_read(&call->in, why);

	*body = &call->command;
	if (error != ERROR_NONE)
		return error;
	if (!call->is_made)
		make_command(call);
	*why = call->why;
	return call->why ? ERROR_INVALID : ERROR_NONE;
}

static struct error_answer send_command(struct call *call)
{
	struct http *http = call->server->http;
	bool posts = !strcmp(call->route->method, "POST");
	struct command_request request = {
		.idempotency_key = http_param(http, "HTTP_IDEMPOTENCY_KEY"),
		.session = call->said_to ? http_param(http, "CONFAB_SESSION")
					 : NULL,
		.websocket = call->said_to != NULL,
		.size = posts ? http_length(http) : 0,
		.read = read_command,
		.context = call,
	};

	call->out.len = 0;
	return server_execute(call->server, call->who, &request, &call->out);
}

static enum confab_error read_ready(void *context, const struct buf **body,
				    const char **why)
{
	*body = context;
	*why = NULL;
	return ERROR_NONE;
}

/* Opens the one-to-one with an account. */
static struct error_answer open_room(struct call *call, int64_t peer)
{
	struct buf command = { 0 };
	struct command_request request = { .read = read_ready,
					   .context = &command };
	struct error_answer answer;

	buf_addf(&command,
		 "{\"event_type\":\"room.create\",\"data\":{\"type\":"
		 "\"OneToOneChat\",\"participants\":[%lld]}}",
		 (long long)peer);
	request.size = (long long)command.len;
	call->out.len = 0;
	answer = server_execute(call->server, call->who, &request, &call->out);
	buf_free(&command);
	return answer;
}

/* Whether the answer has a member beside its error. */
static bool has_beside(const struct buf *out, const char *name, int64_t *number)
{
	const char *why;
	struct json *json = json_parse(out->data, out->len, 8, &why);
	const struct json *value = json_get(json, name);
	bool has = value && (!number || json_integer(value, number));

	json_free(json);
	return has;
}

/* Executes the command. The first message to a person opens their one-to-one,
 * in a transaction of its own: another request may do the same now. */
static struct error_answer execute(struct call *call)
{
	struct error_answer answer = send_command(call);
	int64_t peer;

	if (answer.error != ERROR_NOT_FOUND ||
	    !has_beside(&call->out, "recipient_id", &peer))
		return answer;
	answer = open_room(call, peer);
	if (answer.error == ERROR_NONE ||
	    (answer.error == ERROR_INVALID &&
	     has_beside(&call->out, "room_id", NULL)))
		answer = send_command(call);
	return answer;
}

static void answer_request(struct call *call, struct error_answer answer)
{
	struct http *http = call->server->http;
	struct buf body = { 0 };
	const char *why;
	struct json *json;

	if (answer.error != ERROR_NONE) {
		answer.body = buf_text(&call->out);
		if (answer.error == ERROR_UNAUTHENTICATED)
			answer.http_status = 403; /* as such clients expect */
		http_answer(http, &answer);
		return;
	}
	json = json_parse(call->out.data, call->out.len,
			  call->server->config->max_depth + 8, &why);
	json_print(json_get(json, "data"), &body);
	http_respond(http, call->route->status, body.data, body.len);
	json_free(json);
	buf_free(&body);
}

/* Answers a request that must not be executed. */
static bool is_refused(const struct call *call, const char *allow)
{
	struct server *server = call->server;
	struct http *http = server->http;
	bool posts = call->route && !strcmp(call->route->method, "POST");
	struct error_answer answer;
	struct buf body = { 0 };
	const char *why;
	enum confab_error error =
		identity_check(call->who, server->config,
			       posts ? IDENTITY_CHANGE : IDENTITY_READ,
			       http_param, http, &why);

	if (!allow) {
		http_fail(http, ERROR_NOT_FOUND, NULL);
	} else if (!call->route) {
		http_refuse_method(http, allow, "Use another method.");
	} else if (error != ERROR_NONE) {
		error_body(&body, error, why);
		answer = error_answer(error, buf_text(&body));
		answer.http_status = 403;
		http_answer(http, &answer);
		buf_free(&body);
	} else if (posts && !http_is_json(http) && !http_is_form(http)) {
		http_refuse(http, 415,
			    "Content-Type must be application/json or that of "
			    "a form.");
	} else {
		return false;
	}
	return true;
}

static void free_call(struct call *call)
{
	incoming_free(&call->in);
	buf_free(&call->path);
	buf_free(&call->command);
	buf_free(&call->out);
}

bool rest_serve(struct server *server, const struct identity *who)
{
	struct http *http = server->http;
	struct call call = { .server = server,
			     .who = who,
			     .in = { .http = http,
				     .limit = (size_t)server->config->max_body,
				     .what = "A message" } };
	const char *allow = NULL;
	bool is_ours = false;

	for (int i = 0; i < PATH_SOURCES && !is_ours; i++) {
		read_path(&call, (enum path_source)i);
		is_ours = find_route(&call, &allow);
	}
	if (!utf8_valid(buf_text(&call.path), call.path.len))
		allow = NULL; /* it leads nowhere */
	if (is_ours && !is_refused(&call, allow))
		answer_request(&call, execute(&call));
	free_call(&call);
	return is_ours;
}

void rest_tell(struct server *server, const struct identity *who,
	       const char *said_to)
{
	static const struct route TELL = { .method = "POST",
					   .command = "direct.tell",
					   .shape = "thread",
					   .names = { "message" } };
	struct http *http = server->http;
	struct call call = { .server = server,
			     .who = who,
			     .route = &TELL,
			     .id = "",
			     .said_to = said_to,
			     .in = { .http = http,
				     .limit = (size_t)server->config->max_body,
				     .what = "A frame" } };
	const char *why;
	enum confab_error error = identity_check(
		who, server->config, IDENTITY_CHANGE, http_param, http, &why);
	struct error_answer answer = error_answer(error, NULL);

	if (error == ERROR_NONE) {
		answer = execute(&call);
		if (answer.error == ERROR_NONE)
			call.out.len = 0;
		answer.body = buf_text(&call.out);
	}
	http_answer(http, &answer);
	free_call(&call);
}
