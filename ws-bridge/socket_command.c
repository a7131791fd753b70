/* socket_command: the commands of one WebSocket. confab-command runs them one
 * at a time and in order. Called by socket.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "socket_internal.h"
#include "text/command_id.h"

/* Answers a command, after everything that waits already. */
static void reply_json(struct socket *s, const char *json, size_t len)
{
	struct dispatch *d;
	struct buf text = { 0 };

	if (s->state != SOCKET_OPEN)
		return;
	buf_add(&text, json, len);
	d = dispatch_create_local("", 0, buf_text(&text));
	stream_push(&s->stream, d);
	dispatch_unref(d);
	buf_free(&text);
	socket_send_waiting(s);
}

/* confab-command gave no answer: nothing was done, or the outcome is
 * unknown. */
static void reply_unavailable(struct socket *s, const struct command *command,
			      bool sent)
{
	struct buf id = { 0 }, json = { 0 };

	buf_addf(&json, "{\"error\":{\"code\":%d,\"detail\":\"%s\"%s}",
		 error_info(ERROR_UNAVAILABLE)->code,
		 error_info(ERROR_UNAVAILABLE)->detail,
		 sent ? ",\"unknown\":true" : "");
	command_id_find(command->bytes, command->len, &id);
	if (id.len)
		buf_addf(&json, ",\"id\":%s", buf_text(&id));
	buf_add_text(&json, "}");
	reply_json(s, json.data, json.len);
	buf_free(&json);
	buf_free(&id);
}

static void send_command(struct socket *s);

static void on_answer(void *context, const char *body, size_t len, bool sent)
{
	struct socket *s = context;
	struct command *command = STAILQ_FIRST(&s->commands);

	s->call = NULL;
	if (!body)
		reply_unavailable(s, command, sent);
	else if (len)
		reply_json(s, body, len);
	STAILQ_REMOVE_HEAD(&s->commands, link);
	free(command);
	if (s->is_leaving)
		socket_close_with(s, END_RESTART);
	else if (s->state == SOCKET_OPEN && !STAILQ_EMPTY(&s->commands))
		send_command(s);
	else
		socket_read_on(s);
}

/* Sends the first command to confab-command. */
static void send_command(struct socket *s)
{
	const struct command *command = STAILQ_FIRST(&s->commands);
	char peer[24] = "";
	struct command_request request = {
		.body = command->bytes,
		.len = command->len,
		.login = s->stream.login_key,
		.session = s->stream.session,
		.address = *s->address ? s->address : NULL,
	};

	if (s->stream.form == FORM_TALK)
		request.said_to = peer;
	if (s->stream.peer)
		snprintf(peer, sizeof(peer), "%lld", (long long)s->stream.peer);
	s->call = command_client_send(s->sockets->commands, &request, on_answer,
				      s);
}

static void on_text(void *context, const char *bytes, size_t len)
{
	struct socket *s = context;
	struct command *command;

	if (s->state != SOCKET_OPEN || !s->stream.hub)
		return;
	command = xcalloc(1, sizeof(*command) + len);
	command->len = len;
	memcpy(command->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&s->commands, command, link);
	if (!s->call)
		send_command(s);
}

static void on_binary(void *context)
{
	struct buf json = { 0 };

	error_body(&json, ERROR_INVALID, "A command is a text frame.");
	reply_json(context, json.data, json.len);
	buf_free(&json);
}

const struct reader_handler SOCKET_COMMANDS = {
	.text = on_text,
	.binary = on_binary,
};

void socket_forget_commands(struct socket *s)
{
	struct command *command;

	if (s->call)
		command_client_cancel(s->call);
	while ((command = STAILQ_FIRST(&s->commands))) {
		STAILQ_REMOVE_HEAD(&s->commands, link);
		free(command);
	}
}
