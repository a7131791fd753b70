/* Command envelopes: the output for SQL and for the client is JSON, keeps the
 * id, and does not change when it is printed again. */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "fcgi/command/envelope.h"
#include "grammar.h"
#include "target.h"

enum {
	DEPTH = 16
};

/* Checks that the text is JSON and prints as itself. */
static void check_json(const struct buf *text, int depth)
{
	struct buf again = { 0 };
	const char *why;
	struct json *json = json_parse(text->data, text->len, depth, &why);

	CHECK(!why);
	json_print(json, &again);
	CHECK(again.len == text->len);
	CHECK(memcmp(again.data, text->data, again.len) == 0);
	json_free(json);
	buf_free(&again);
}

/* Checks that the answer is JSON with this id. */
static void check_answer(const struct buf *text, const struct buf *id)
{
	struct buf printed = { 0 };
	const char *why;
	struct json *json = json_parse(text->data, text->len, DEPTH, &why);

	CHECK(!why && json_kind(json) == JSON_OBJECT);
	if (id->len) {
		json_print(json_get(json, "id"), &printed);
		CHECK(printed.len == id->len);
		CHECK(memcmp(printed.data, id->data, id->len) == 0);
	}
	CHECK(id->len || !json_has(json, "id"));
	json_free(json);
	buf_free(&printed);
}

static void check_answers(const struct envelope *envelope)
{
	static const char *const objects[] = { "{}", "{ }\n", "{\"a\":[1]}" };

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		struct buf out = { 0 };

		envelope_answer(envelope, objects[i], &out);
		check_answer(&out, &envelope->id);
		buf_free(&out);
	}
}

static void check_data(struct envelope *envelope)
{
	struct buf out = { 0 };
	const struct json *content;
	const char *text;
	size_t len;

	envelope_clean(envelope, "content", false);
	envelope_clean(envelope, "extra_fields.content", true);
	content = json_get(envelope->data, "content");
	text = json_string(content, &len);
	CHECK(!text || !grammar_error(text, len, false));
	envelope_print(envelope, &out);
	check_json(&out, DEPTH);
	buf_free(&out);
}

void target_envelope(const char *bytes, size_t len)
{
	struct envelope envelope = { 0 };
	struct buf out = { 0 };

	if (envelope_parse(&envelope, bytes, len, DEPTH, &out) == ERROR_NONE) {
		CHECK(!out.len);
		CHECK(utf8_valid(bytes, len));
		check_answers(&envelope);
		check_data(&envelope);
	} else {
		check_answer(&out, &envelope.id);
	}
	envelope_free(&envelope);
	buf_free(&out);
}
