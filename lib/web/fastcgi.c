/* fastcgi: see fastcgi.h. Stateless. */
#include "web/fastcgi.h"

#include <string.h>

enum {
	VERSION = 1,
	RESPONDER = 1
};

enum fastcgi_progress fastcgi_read(struct fastcgi_record *out,
				   const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;

	if (len && p[0] != VERSION)
		return FASTCGI_MALFORMED;
	if (len < FASTCGI_HEADER)
		return FASTCGI_MORE;
	out->type = p[1];
	out->id = (unsigned)p[2] << 8 | p[3];
	out->len = (size_t)p[4] << 8 | p[5];
	out->size = FASTCGI_HEADER + out->len + p[6];
	out->content = bytes + FASTCGI_HEADER;
	return len < out->size ? FASTCGI_MORE : FASTCGI_RECORD;
}

static void add_header(struct buf *out, enum fastcgi_type type, unsigned id,
		       size_t len)
{
	unsigned char bytes[FASTCGI_HEADER] = {
		VERSION,
		(unsigned char)type,
		(unsigned char)(id >> 8),
		(unsigned char)id,
		(unsigned char)(len >> 8),
		(unsigned char)len,
		0,
		0,
	};

	buf_add(out, bytes, sizeof(bytes));
}

void fastcgi_write(struct buf *out, enum fastcgi_type type, unsigned id,
		   const char *content, size_t len)
{
	do {
		size_t part = len < FASTCGI_CONTENT ? len : FASTCGI_CONTENT;

		add_header(out, type, id, part);
		buf_add(out, content, part);
		content += part;
		len -= part;
	} while (len);
}

void fastcgi_begin(struct buf *out, unsigned id)
{
	static const char RESPONDER_CLOSES[8] = { 0, RESPONDER };

	fastcgi_write(out, FASTCGI_BEGIN, id, RESPONDER_CLOSES,
		      sizeof(RESPONDER_CLOSES));
}

void fastcgi_end(struct buf *out, unsigned id)
{
	static const char COMPLETE[8] = { 0 };

	fastcgi_write(out, FASTCGI_END, id, COMPLETE, sizeof(COMPLETE));
}

static void add_length(struct buf *out, size_t len)
{
	unsigned char bytes[] = {
		(unsigned char)(len >> 24 | 0x80),
		(unsigned char)(len >> 16),
		(unsigned char)(len >> 8),
		(unsigned char)len,
	};

	if (len < 128)
		buf_add(out, bytes + 3, 1);
	else
		buf_add(out, bytes, sizeof(bytes));
}

void fastcgi_pair(struct buf *out, const char *name, const char *value)
{
	add_length(out, strlen(name));
	add_length(out, strlen(value));
	buf_add_text(out, name);
	buf_add_text(out, value);
}

static bool read_length(const unsigned char **p, const unsigned char *end,
			size_t *out)
{
	if (*p < end && **p < 128) {
		*out = *(*p)++;
		return true;
	}
	if (end - *p < 4)
		return false;
	*out = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 |
	       (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return true;
}

bool fastcgi_unpack(struct buf *out, const struct buf *params)
{
	const unsigned char *p = (const unsigned char *)params->data;
	const unsigned char *end = p + params->len;

	while (p < end) {
		size_t name, value;

		if (!read_length(&p, end, &name) ||
		    !read_length(&p, end, &value) || (size_t)(end - p) < name ||
		    (size_t)(end - p) - name < value ||
		    memchr(p, '\0', name + value))
			return false;
		buf_add(out, p, name);
		buf_add(out, "", 1);
		buf_add(out, p + name, value);
		buf_add(out, "", 1);
		p += name + value;
	}
	return true;
}

const char *fastcgi_value(const struct buf *unpacked, const char *name)
{
	const char *p = unpacked->data;
	const char *end = p + unpacked->len;

	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (!strcmp(p, name))
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

static void answer_values(struct buf *out, const struct fastcgi_record *record)
{
	static const char NAME[] = "FCGI_MPXS_CONNS";
	struct buf asked = { 0 }, unpacked = { 0 }, values = { 0 };

	buf_add(&asked, record->content, record->len);
	if (fastcgi_unpack(&unpacked, &asked) && fastcgi_value(&unpacked, NAME))
		fastcgi_pair(&values, NAME, "0");
	fastcgi_write(out, FASTCGI_GET_VALUES_RESULT, 0, values.data,
		      values.len);
	buf_free(&asked);
	buf_free(&unpacked);
	buf_free(&values);
}

void fastcgi_answer(struct buf *out, const struct fastcgi_record *record)
{
	const char unknown[8] = { (char)record->type };

	if (record->type == FASTCGI_GET_VALUES)
		answer_values(out, record);
	else
		fastcgi_write(out, FASTCGI_UNKNOWN_TYPE, 0, unknown,
			      sizeof(unknown));
}
