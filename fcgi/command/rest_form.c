/* rest_form: see rest_form.h. */
#include "rest_form.h"

#include <string.h>

#include "auth/query.h"
#include "base/json.h"
#include "base/utf8.h"

enum {
	VALUES = 1000 /* in a JSON body */
};

static void add_name(struct buf *out, const char *name)
{
	buf_add_text(out, ",");
	json_quote(out, name, strlen(name));
	buf_add_text(out, ":");
}

static const char *find_name(const struct buf *name,
			     const char *const names[REST_NAMES])
{
	for (int i = 0; i < REST_NAMES && names[i]; i++)
		if (strlen(names[i]) == name->len &&
		    !memcmp(names[i], name->data, name->len))
			return names[i];
	return NULL;
}

const char *rest_form_read(struct buf *out, const char *text, size_t len,
			   const char *const names[REST_NAMES])
{
	struct buf name = { 0 }, value = { 0 };
	const char *at = text, *known, *why = NULL;

	while (!why && query_next(&at, text + len, &name, &value)) {
		known = name.len ? find_name(&name, names) : NULL;
		if (!known)
			continue;
		if (!utf8_valid(buf_text(&value), value.len))
			why = "A field is not valid UTF-8.";
		add_name(out, known);
		json_quote(out, buf_text(&value), why ? 0 : value.len);
	}
	buf_free(&name);
	buf_free(&value);
	return why;
}

const char *rest_form_read_json(struct buf *out, const char *text, size_t len,
				int depth, const char *const names[REST_NAMES])
{
	const char *why;
	struct json *json = json_parse_bounded(text, len, depth, VALUES, &why);

	if (!why && json_kind(json) != JSON_OBJECT)
		why = "The body must be a JSON object.";
	for (int i = 0; !why && i < REST_NAMES && names[i]; i++) {
		if (!json_has(json, names[i]))
			continue;
		add_name(out, names[i]);
		json_print(json_get(json, names[i]), out);
	}
	json_free(json);
	return why;
}
