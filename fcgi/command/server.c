/* server: see server.h. Called by main.c and rest.c. */
#include "server.h"

#include <stdio.h>

#include "auth/login.h"

enum confab_error incoming_read(struct incoming *in, const char **why)
{
	if (!in->is_read) {
		in->is_read = true;
		in->error = http_body(in->http, in->limit, &in->body);
		if (in->error == ERROR_TOO_LARGE)
			snprintf(in->why, sizeof(in->why),
				 "%s has at most %zu bytes.", in->what,
				 in->limit);
		else if (in->error != ERROR_NONE)
			snprintf(in->why, sizeof(in->why),
				 "The body is shorter than announced.");
	}
	*why = in->error == ERROR_NONE ? NULL : in->why;
	return in->error;
}

void incoming_free(struct incoming *in)
{
	buf_free(&in->body);
}

struct error_answer server_execute(struct server *server,
				   const struct identity *who,
				   struct command_request *request,
				   struct buf *out)
{
	struct http *http = server->http;
	struct error_answer answer;

	request->token_hash = who->token_hash;
	request->address = http_param(http, "REMOTE_ADDR");
	request->request_id = http_request_id(http);
	answer = command_execute(server->commands, request, out);
	/* Nothing was done yet. Only now the log-in is recorded in the
	 * database, so a known token costs no extra statement. */
	if (answer.error == ERROR_UNAUTHENTICATED && who->external &&
	    login_exchange(server->pg, who, http_param, http) == PG_OK) {
		out->len = 0;
		answer = command_execute(server->commands, request, out);
	}
	return answer;
}
