/* filename: cleans names that strangers gave to files. Called by confab-media;
 * owns nothing. A name is only shown: no file on disk carries it. */
#include "filename.h"

#include <string.h>

#include "base/utf8.h"
#include "text/visible.h"

enum {
	EXTENSION_LIMIT = 16 /* bytes of an extension that a cut name keeps */
};

/* Appends the wanted characters of the last part of a path. */
static void take_wanted(struct buf *out, const char *name)
{
	size_t len;
	uint32_t c;

	for (; *name; name += len) {
		c = utf8_next(name, &len);
		if (c == '/' || c == '\\')
			out->len = 0;
		else if (!visible_is_hidden(c))
			buf_add(out, name, len);
	}
}

/* The length of the part before the extension if it can't be seen, else 0. */
static size_t hidden_length(struct buf *name)
{
	const char *text = buf_text(name), *dot = strrchr(text, '.');
	size_t all = dot ? (size_t)(dot - text) : name->len;
	size_t len;

	for (size_t at = 0; at < all; at += len)
		if (visible_is_shown(utf8_next(text + at, &len)))
			return 0;
	return all;
}

const char *filename_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : "";
}

/* The largest length up to len that ends at a character's border. */
static size_t cut_length(const char *text, size_t len)
{
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* Cuts the middle out of a name that is too long. */
static void shorten_name(struct buf *name)
{
	const char *text = buf_text(name);
	const char *dot = strrchr(text, '.');
	size_t tail = dot ? strlen(dot) : 0;
	size_t head;

	if (name->len <= FILENAME_LIMIT)
		return;
	if (tail > EXTENSION_LIMIT)
		tail = 0;
	head = cut_length(text, FILENAME_LIMIT - tail);
	memmove(name->data + head, name->data + name->len - tail, tail);
	name->len = head + tail;
}

void filename_clean(struct buf *out, const char *name)
{
	struct buf clean = { 0 };
	size_t hidden;

	if (name)
		take_wanted(&clean, name);
	buf_consume(&clean, strspn(buf_text(&clean), " ."));
	shorten_name(&clean);
	while (clean.len && strchr(" .", clean.data[clean.len - 1]))
		clean.len--;
	hidden = hidden_length(&clean);
	if (hidden || !clean.len)
		buf_add_text(out, "file");
	buf_add(out, clean.data + hidden, clean.len - hidden);
	buf_free(&clean);
}

/* Percent-encodes all but letters, digits and the given characters. */
static void percent_encode(struct buf *out, const char *name, const char *plain)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (letter || (c >= '0' && c <= '9') || strchr(plain, c))
			buf_add(out, name, 1);
		else
			buf_addf(out, "%%%02X", c);
	}
}

void filename_url(struct buf *out, const char *name)
{
	percent_encode(out, name, "-._~");
}

void filename_disposition(struct buf *out, bool shown, const char *name)
{
	buf_add_text(out, shown ? "inline" : "attachment");
	buf_add_text(out, "; filename=\"");
	/* For clients without filename*: plain ASCII without escapes, which
	 * some of them read differently. */
	for (const char *at = name; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if ((c & 0xc0) == 0x80)
			continue;
		buf_add(out, c >= 0x80 || strchr("\"\\%", c) ? "_" : at, 1);
	}
	buf_add_text(out, "\"; filename*=UTF-8''");
	percent_encode(out, name, "!#$&+-.^_`|~"); /* attr-char of RFC 5987 */
}
