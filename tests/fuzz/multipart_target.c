/* Forms: the same file and fields come out however the bytes are cut, and the
 * content has no boundary in it. The first byte is the size of a piece. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "target.h"
#include "web/multipart.h"

struct seen {
	struct buf content, fields;
	enum multipart_progress progress;
	char *name;
};

static bool take_content(void *context, const char *bytes, size_t len)
{
	struct seen *seen = context;

	CHECK(len > 0);
	buf_add(&seen->content, bytes, len);
	return true;
}

static void take_field(void *context, const char *name, const char *value,
		       size_t len)
{
	struct seen *seen = context;

	CHECK(!len || !memmem(value, len, "\r\n--b", 5));
	buf_addf(&seen->fields, "%s=%zu:", name, len);
	buf_add(&seen->fields, value, len);
}

static void read_form(struct seen *out, const char *bytes, size_t len,
		      size_t piece)
{
	struct multipart *form = multipart_create(
		"multipart/form-data; boundary=b", take_content, out);
	const char *name;

	CHECK(form);
	multipart_take_fields(form, take_field);
	out->progress = MULTIPART_MORE;
	while (len > 0 && out->progress == MULTIPART_MORE) {
		size_t part = len < piece ? len : piece;

		out->progress = multipart_feed(form, bytes, part);
		bytes += part;
		len -= part;
	}
	name = multipart_name(form);
	out->name = name ? strdup(name) : NULL;
	multipart_free(form);
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void target_multipart(const char *bytes, size_t len)
{
	struct seen whole = { 0 }, pieces = { 0 };

	if (len == 0)
		return;
	read_form(&whole, bytes + 1, len - 1, len);
	read_form(&pieces, bytes + 1, len - 1,
		  (unsigned char)bytes[0] % 32 + 1U);
	CHECK(whole.progress == pieces.progress);
	if (whole.progress == MULTIPART_DONE) {
		CHECK(same_name(whole.name, pieces.name));
		CHECK(same_bytes(&whole.content, &pieces.content));
		CHECK(same_bytes(&whole.fields, &pieces.fields));
		CHECK(!whole.content.len ||
		      !memmem(whole.content.data, whole.content.len, "\r\n--b",
			      5));
	}
	free(whole.name);
	free(pieces.name);
	buf_free(&whole.content);
	buf_free(&pieces.content);
	buf_free(&whole.fields);
	buf_free(&pieces.fields);
}
