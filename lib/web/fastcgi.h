/* fastcgi: the record format (FastCGI specification 1.0, sections 3 and 8), for
 * programs that cannot block: confab-events answers with it, confab-bridge asks
 * with it. */
#ifndef CONFAB_WEB_FASTCGI_H
#define CONFAB_WEB_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum fastcgi_type {
	FASTCGI_BEGIN = 1,
	FASTCGI_ABORT = 2,
	FASTCGI_END = 3,
	FASTCGI_PARAMS = 4,
	FASTCGI_STDIN = 5,
	FASTCGI_STDOUT = 6,
	FASTCGI_GET_VALUES = 9, /* from here on: about the connection */
	FASTCGI_GET_VALUES_RESULT = 10,
	FASTCGI_UNKNOWN_TYPE = 11,
};

enum {
	FASTCGI_HEADER = 8,
	FASTCGI_CONTENT = 65535, /* most bytes of one record */
};

struct fastcgi_record {
	unsigned type, id;
	const char *content;
	size_t len;  /* of content */
	size_t size; /* of the whole record */
};

enum fastcgi_progress {
	FASTCGI_MORE,
	FASTCGI_RECORD,
	FASTCGI_MALFORMED
};

/* Reads the record at the start of the received bytes. */
enum fastcgi_progress fastcgi_read(struct fastcgi_record *out,
				   const char *bytes, size_t len);

/* Appends content as one or more records. len 0 appends an empty record. */
void fastcgi_write(struct buf *out, enum fastcgi_type type, unsigned id,
		   const char *content, size_t len);

/* Appends the records that begin a request (responder; the connection closes
 * after it) and that end a response. */
void fastcgi_begin(struct buf *out, unsigned id);
void fastcgi_end(struct buf *out, unsigned id);

/* Appends a name-value pair to the content of PARAMS. */
void fastcgi_pair(struct buf *out, const char *name, const char *value);

/* Appends the answer to a record about the connection (section 4). The only
 * value that is told is that a connection carries one request at a time. */
void fastcgi_answer(struct buf *out, const struct fastcgi_record *record);

/* Unpacks the joined content of PARAMS to "name\0value\0…" for fastcgi_value().
 * False when it is malformed or a value holds NUL. */
bool fastcgi_unpack(struct buf *out, const struct buf *params);

/* The value of a name, or NULL. Owned by the buffer. */
const char *fastcgi_value(const struct buf *unpacked, const char *name);

#endif
