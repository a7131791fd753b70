/* filename: cleans names that strangers gave to files. Called by confab-media;
 * owns nothing. A name is only shown: no file on disk carries it. */
#include "filename.h"

#include <string.h>

enum {
	EXTENSION_LIMIT = 16 /* bytes of an extension that a cut name keeps */
};

/* Length of the character at text if a name must not contain it, else 0: C0,
 * C1, DEL, and characters that reverse the direction of text, which make
 * "gpj.exe" look like "exe.jpg". */
static size_t unwanted_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] < 0x20 || at[0] == 0x7f)
		return 1;
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
		return 2;
	if (at[0] != 0xe2)
		return 0;
	/* U+200E U+200F, U+2028 to U+202E, U+2066 to U+2069 */
	if (at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f ||
			      (at[2] >= 0xa8 && at[2] <= 0xae)))
		return 3;
	return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9 ? 3 : 0;
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
	size_t skip, start;

	for (; name && *name; name++) {
		if (*name == '/' || *name == '\\')
			clean.len = 0;
		else if ((skip = unwanted_length(name)) > 0)
			name += skip - 1;
		else
			buf_add(&clean, name, 1);
	}
	start = strspn(buf_text(&clean), " .");
	buf_consume(&clean, start);
	shorten_name(&clean);
	while (clean.len && strchr(" .", clean.data[clean.len - 1]))
		clean.len--;
	if (clean.len)
		buf_add(out, clean.data, clean.len);
	else
		buf_add_text(out, "file");
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
