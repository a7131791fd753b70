/* envelope: the members around a command and around its answer. Called by
 * command; owns the parsed command. */
#include "envelope.h"

#include <string.h>

#include "text/command_id.h"
#include "text/sanitise.h"

enum {
	ENVELOPE_VALUES = 20000 /* in a command */
};

/* White space, as SQL trims it. */
static const char blank[] = " \t\r\n\f\v";

/* The fault of a parsed command, NULL for none. Takes the id first, for the
 * answer to any fault. */
static const char *read_members(struct envelope *envelope)
{
	const struct json *id = json_get(envelope->root, "id");
	const struct json *type = json_get(envelope->root, "event_type");
	size_t len;

	if (json_kind(envelope->root) != JSON_OBJECT)
		return "A command is a JSON object.";
	if (id) {
		if (!command_id_valid(id))
			return "id must be a string of at most 64 characters "
			       "or an integer.";
		json_print(id, &envelope->id);
	}
	if (type) {
		envelope->event_type = json_string(type, &len);
		if (!envelope->event_type)
			return "event_type must be a string.";
	}
	envelope->data = json_member(envelope->root, "data");
	if (envelope->data && json_kind(envelope->data) != JSON_OBJECT)
		return "data must be an object.";
	return NULL;
}

enum confab_error envelope_parse(struct envelope *envelope, const char *body,
				 size_t len, int depth, struct buf *out)
{
	const char *why;

	envelope->root =
		json_parse_bounded(body, len, depth, ENVELOPE_VALUES, &why);
	if (why)
		command_id_find(body, len, &envelope->id);
	else
		why = read_members(envelope);
	if (!why)
		return ERROR_NONE;
	envelope_fail(envelope, ERROR_INVALID, why, out);
	return ERROR_INVALID;
}

void envelope_free(struct envelope *envelope)
{
	json_free(envelope->root);
	buf_free(&envelope->id);
	*envelope = (struct envelope){ 0 };
}

static void trim_blanks(const char **text, size_t *len)
{
	while (*len && memchr(blank, **text, sizeof(blank) - 1)) {
		(*text)++;
		(*len)--;
	}
	while (*len && memchr(blank, (*text)[*len - 1], sizeof(blank) - 1))
		(*len)--;
}

static bool is_blank(struct buf *text)
{
	return strspn(buf_text(text), blank) == text->len;
}

static void clean_member(struct json *object, const char *name,
			 bool keep_class_id)
{
	struct buf clean = { 0 };
	size_t len;
	const char *text;

	json_remove(object, "emptied");
	text = json_string(json_get(object, name), &len);
	if (!text)
		return;
	trim_blanks(&text, &len);
	if (len)
		sanitise(&clean, text, len, keep_class_id);
	if (is_blank(&clean))
		clean.len = 0;
	json_set_string(object, name, buf_text(&clean), clean.len);
	if (len && !clean.len)
		json_set_string(object, "emptied", "t", 1);
	buf_free(&clean);
}

void envelope_clean(struct envelope *envelope, const char *path,
		    bool keep_class_id)
{
	struct json *object = envelope->data;
	const char *dot;
	char name[64];

	while ((dot = strchr(path, '.'))) {
		size_t len = (size_t)(dot - path);

		if (len >= sizeof(name))
			return;
		memcpy(name, path, len);
		name[len] = '\0';
		object = json_member(object, name);
		path = dot + 1;
	}
	clean_member(object, path, keep_class_id);
}

void envelope_print(const struct envelope *envelope, struct buf *out)
{
	if (envelope->data)
		json_print(envelope->data, out);
	else
		buf_add_text(out, "{}");
}

void envelope_answer(const struct envelope *envelope, const char *object,
		     struct buf *out)
{
	size_t len = strlen(object);
	const char *before;

	while (len && memchr(blank, object[len - 1], sizeof(blank) - 1))
		len--;
	if (!envelope->id.len || len < 2 || object[len - 1] != '}') {
		buf_add(out, object, len);
		return;
	}
	for (before = object + len - 2; before > object; before--)
		if (!memchr(blank, *before, sizeof(blank) - 1))
			break;
	buf_add(out, object, len - 1);
	buf_add_text(out, *before == '{' ? "\"id\":" : ",\"id\":");
	buf_add(out, envelope->id.data, envelope->id.len);
	buf_add_text(out, "}");
}

void envelope_fail(const struct envelope *envelope, enum confab_error error,
		   const char *detail, struct buf *out)
{
	struct buf body = { 0 };

	error_body(&body, error, detail);
	envelope_answer(envelope, buf_text(&body), out);
	buf_free(&body);
}

void envelope_acknowledge(const struct envelope *envelope, const char *seq,
			  struct buf *out)
{
	if (!envelope->id.len)
		return;
	buf_add_text(out, "{\"id\":");
	buf_add(out, envelope->id.data, envelope->id.len);
	buf_add_text(out, ",\"status\":\"success\"");
	if (seq) {
		buf_add_text(out, ",\"seq\":");
		buf_add_text(out, seq);
	}
	buf_add_text(out, "}");
}
