/* multipart: the file in a form, read piece by piece, and its fields. Called by
 * confab-media and confab-command; owns the undecided bytes: the head of a
 * part, the possible start of a boundary, or a field. */
#include "web/multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/xalloc.h"

enum {
	BOUNDARY_LIMIT = 70, /* RFC 2046 */
	HEAD_LIMIT = 8192,   /* bytes of a part's head */
	PADDING_LIMIT = 64,  /* spaces after a boundary */
};

enum state {
	CONTENT, /* inside a part, or before the first boundary */
	BEHIND,  /* after a boundary: another part, or the end */
	HEAD,    /* in the head of a part */
	OVER,    /* after the last boundary */
	BROKEN,
};

struct multipart {
	enum state state;
	struct buf waiting;    /* undecided bytes */
	struct buf delimiter;  /* CR LF - - boundary */
	struct buf name, type; /* of the file part */
	bool has_file;         /* the file's head has come */
	bool in_file;          /* the current content is the file's */
	bool (*taken)(void *context, const char *bytes, size_t len);
	void (*field)(void *context, const char *name, const char *value,
		      size_t len); /* NULL: fields are passed over */
	struct buf field_name, value;
	bool in_field; /* the current content is a field's */
	void *context;
};

/* Finds the parameter of a header field and appends its value, unquoted. */
static bool find_parameter(const char *field, const char *name, struct buf *out)
{
	size_t len = strlen(name);

	for (field += strcspn(field, ";"); *field;
	     field += strcspn(field, ";")) {
		bool found;

		field += strspn(field, "; \t");
		found = strncasecmp(field, name, len) == 0 && field[len] == '=';
		field += strcspn(field, "=;");
		if (*field != '=')
			continue;
		if (*++field != '"') {
			if (found)
				buf_add(out, field, strcspn(field, "; \t"));
		} else {
			for (field++; *field && *field != '"'; field++) {
				/* Browsers send \ unescaped, and %22 for ". */
				if (*field == '\\' && field[1] == '"')
					field++;
				if (found)
					buf_add(out, field, 1);
			}
		}
		if (found)
			return true;
	}
	return false;
}

struct multipart *multipart_create(const char *content_type,
				   bool (*taken)(void *context,
						 const char *bytes, size_t len),
				   void *context)
{
	static const char form[] = "multipart/form-data";
	struct multipart *multipart;

	if (!content_type ||
	    strncasecmp(content_type, form, sizeof(form) - 1) != 0 ||
	    !strchr("; \t", content_type[sizeof(form) - 1]))
		return NULL;
	multipart = xcalloc(1, sizeof(*multipart));
	multipart->taken = taken;
	multipart->context = context;
	buf_add_text(&multipart->delimiter, "\r\n--");
	if (!find_parameter(content_type, "boundary", &multipart->delimiter) ||
	    multipart->delimiter.len == 4 ||
	    multipart->delimiter.len > 4 + BOUNDARY_LIMIT)
		multipart->state = BROKEN;
	/* Act as if a line came before the first boundary, too. */
	buf_add_text(&multipart->waiting, "\r\n");
	return multipart;
}

void multipart_free(struct multipart *multipart)
{
	if (!multipart)
		return;
	buf_free(&multipart->waiting);
	buf_free(&multipart->delimiter);
	buf_free(&multipart->name);
	buf_free(&multipart->type);
	buf_free(&multipart->field_name);
	buf_free(&multipart->value);
	free(multipart);
}

void multipart_take_fields(struct multipart *multipart,
			   void (*field)(void *context, const char *name,
					 const char *value, size_t len))
{
	multipart->field = field;
}

const char *multipart_name(struct multipart *multipart)
{
	return multipart->has_file ? buf_text(&multipart->name) : NULL;
}

const char *multipart_type(struct multipart *multipart)
{
	return multipart->has_file ? buf_text(&multipart->type) : NULL;
}

/* The head of a part. */
struct part {
	struct buf type, file, field;
	bool is_file, is_field;
};

/* Reads one line of it. */
static void read_line(struct part *part, const char *line)
{
	static const char disposition[] = "content-disposition:";
	static const char content_type[] = "content-type:";

	if (strncasecmp(line, content_type, sizeof(content_type) - 1) == 0) {
		line += sizeof(content_type) - 1;
		part->type.len = 0;
		buf_add_text(&part->type, line + strspn(line, " \t"));
	}
	if (strncasecmp(line, disposition, sizeof(disposition) - 1) != 0)
		return;
	part->file.len = 0;
	part->field.len = 0;
	if (find_parameter(line, "filename", &part->file))
		part->is_file = true;
	part->is_field = find_parameter(line, "name", &part->field);
}

/* Decides what the content that follows is. Only the first file counts. */
static void begin_part(struct multipart *multipart, const struct part *part)
{
	multipart->in_file = part->is_file && !multipart->has_file;
	multipart->in_field =
		!part->is_file && part->is_field && multipart->field;
	if (multipart->in_file) {
		multipart->has_file = true;
		buf_add(&multipart->name, part->file.data, part->file.len);
		buf_add(&multipart->type, part->type.data, part->type.len);
	}
	multipart->field_name.len = 0;
	multipart->value.len = 0;
	if (multipart->in_field)
		buf_add(&multipart->field_name, part->field.data,
			part->field.len);
}

/* head: its lines, each ended by CR LF. */
static void read_head(struct multipart *multipart, const char *head, size_t len)
{
	struct buf line = { 0 };
	struct part part = { .is_file = false };

	while (len > 0) {
		const char *end = memmem(head, len, "\r\n", 2);
		size_t size = end ? (size_t)(end - head) : len;

		line.len = 0;
		buf_add(&line, head, size);
		read_line(&part, buf_text(&line));
		size += end ? 2 : 0;
		head += size;
		len -= size;
	}
	begin_part(multipart, &part);
	buf_free(&part.type);
	buf_free(&part.file);
	buf_free(&part.field);
	buf_free(&line);
}

/* Passes on bytes that are certainly content. False: stopped. */
static bool hand_on(struct multipart *multipart, size_t len)
{
	bool go_on = true;

	if (multipart->in_field)
		buf_add(&multipart->value, multipart->waiting.data, len);
	if (multipart->in_file && multipart->taken && len > 0)
		go_on = multipart->taken(multipart->context,
					 multipart->waiting.data, len);
	buf_consume(&multipart->waiting, len);
	return go_on;
}

/* Each step uses as much as it can; true when another step can follow. */
static bool content_step(struct multipart *multipart, bool *stopped)
{
	struct buf *waiting = &multipart->waiting;
	const struct buf *delimiter = &multipart->delimiter;
	const char *found = memmem(waiting->data, waiting->len, delimiter->data,
				   delimiter->len);
	/* The last bytes may start a boundary. */
	size_t sure = waiting->len >= delimiter->len
			      ? waiting->len - delimiter->len + 1
			      : 0;

	if (found)
		sure = (size_t)(found - waiting->data);
	if (!hand_on(multipart, sure)) {
		*stopped = true;
		return false;
	}
	if (!found)
		return false;
	if (multipart->in_field)
		multipart->field(
			multipart->context, buf_text(&multipart->field_name),
			buf_text(&multipart->value), multipart->value.len);
	buf_consume(waiting, delimiter->len);
	multipart->in_file = false;
	multipart->in_field = false;
	multipart->state = BEHIND;
	return true;
}

static bool behind_step(struct multipart *multipart)
{
	struct buf *waiting = &multipart->waiting;
	size_t blank = 0;

	if (waiting->len < 2)
		return false;
	if (memcmp(waiting->data, "--", 2) == 0) {
		multipart->state = OVER;
		return false;
	}
	while (blank < waiting->len && blank < PADDING_LIMIT &&
	       (waiting->data[blank] == ' ' || waiting->data[blank] == '\t'))
		blank++;
	if (waiting->len < blank + 2)
		return false;
	/* Keep the line's end: it comes before the first line of the head. */
	buf_consume(waiting, blank);
	multipart->state =
		memcmp(waiting->data, "\r\n", 2) == 0 ? HEAD : BROKEN;
	return true;
}

static bool head_step(struct multipart *multipart)
{
	struct buf *waiting = &multipart->waiting;
	const char *end = memmem(waiting->data, waiting->len, "\r\n\r\n", 4);
	size_t len;

	if (!end || end - waiting->data > HEAD_LIMIT) {
		if (end || waiting->len > HEAD_LIMIT)
			multipart->state = BROKEN;
		return false;
	}
	len = (size_t)(end - waiting->data);
	read_head(multipart, waiting->data + 2, len ? len - 2 : 0);
	buf_consume(waiting, len + 4);
	multipart->state = CONTENT;
	return true;
}

static bool take_step(struct multipart *multipart, bool *stopped)
{
	switch (multipart->state) {
	case CONTENT:
		return content_step(multipart, stopped);
	case BEHIND:
		return behind_step(multipart);
	case HEAD:
		return head_step(multipart);
	case OVER:
	case BROKEN:
		break;
	}
	return false;
}

enum multipart_progress multipart_feed(struct multipart *multipart,
				       const char *bytes, size_t len)
{
	bool stopped = false;

	if (multipart->state != OVER && multipart->state != BROKEN)
		buf_add(&multipart->waiting, bytes, len);
	while (take_step(multipart, &stopped))
		;
	if (stopped)
		return MULTIPART_STOPPED;
	if (multipart->state == BROKEN)
		return MULTIPART_MALFORMED;
	return multipart->state == OVER ? MULTIPART_DONE : MULTIPART_MORE;
}
