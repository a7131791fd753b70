/* rest_form: see rest_form.h. */
#include "rest_form.h"

#include <string.h>

#include "auth/query.h"
#include "base/json.h"
#include "base/utf8.h"
#include "web/multipart.h"

enum {
	VALUES = 1000 /* in a JSON body */
};

static void add_name(struct buf *out, const char *name)
{
	buf_add_text(out, ",");
	json_quote(out, name, strlen(name));
	buf_add_text(out, ":");
}

/* The parameters that are being read. */
struct fields {
	struct buf *out;
	const char *const *names;
	const char *why;
};

static bool is_listed(const struct fields *fields, const char *name)
{
	for (int i = 0; i < REST_NAMES && fields->names[i]; i++)
		if (strcmp(fields->names[i], name) == 0)
			return true;
	return false;
}

/* Takes a parameter. Fits multipart_take_fields(). */
static void take_field(void *context, const char *name, const char *value,
		       size_t len)
{
	struct fields *fields = context;

	if (!is_listed(fields, name))
		return;
	if (!utf8_valid(value, len)) {
		fields->why = "A field is not valid UTF-8.";
		return;
	}
	add_name(fields->out, name);
	json_quote(fields->out, value, len);
}

const char *rest_form_read(struct buf *out, const char *text, size_t len,
			   const char *const names[REST_NAMES])
{
	struct fields fields = { .out = out, .names = names };
	struct buf name = { 0 }, value = { 0 };
	const char *at = text;

	while (query_next(&at, text + len, &name, &value))
		take_field(&fields, buf_text(&name), buf_text(&value),
			   value.len);
	buf_free(&name);
	buf_free(&value);
	return fields.why;
}

const char *rest_form_read_body(struct buf *out, const char *content_type,
				const char *text, size_t len,
				const char *const names[REST_NAMES])
{
	struct fields fields = { .out = out, .names = names };
	struct multipart *form = multipart_create(content_type, NULL, &fields);

	if (!form)
		return rest_form_read(out, text, len, names);
	multipart_take_fields(form, take_field);
	if (multipart_feed(form, text, len) != MULTIPART_DONE && !fields.why)
		fields.why = "The form is not complete.";
	multipart_free(form);
	return fields.why;
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
