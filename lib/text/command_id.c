/* command_id: the id with which a client finds the answer to its command.
 * Called by confab-command and confab-bridge. */
#include "text/command_id.h"

#include "base/json_peek.h"
#include "base/utf8.h"

bool command_id_valid(const struct json *value)
{
	int64_t number;
	size_t len;
	const char *text = json_string(value, &len);

	if (text)
		return utf8_characters(text, len) <= COMMAND_ID_MAX;
	return json_integer(value, &number);
}

void command_id_find(const char *command, size_t len, struct buf *out)
{
	struct buf text = { 0 };
	const char *value, *why;
	struct json *json;
	size_t value_len;

	if (!json_peek(command, len, "id", &value, &value_len))
		return;
	buf_add_text(&text, "{\"id\":");
	buf_add(&text, value, value_len);
	buf_add_text(&text, "}");
	json = json_parse(text.data, text.len, 2, &why);
	if (!why && command_id_valid(json_get(json, "id")))
		json_print(json_get(json, "id"), out);
	json_free(json);
	buf_free(&text);
}
