/* FastCGI records and parameters: nothing is read beyond the end, and values
 * read are the same after writing them again. */
#include <string.h>

#include "target.h"
#include "web/fastcgi.h"

/* Checks that the name-value pairs survive packing and unpacking. */
static void check_params(const struct buf *params)
{
	struct buf unpacked = { 0 }, packed = { 0 }, again = { 0 };
	const char *end;

	if (params->len && fastcgi_unpack(&unpacked, params)) {
		end = unpacked.data + unpacked.len;
		CHECK(!unpacked.len || end[-1] == '\0');
		for (const char *name = unpacked.data; name < end;) {
			const char *value = name + strlen(name) + 1;

			CHECK(value < end);
			CHECK(fastcgi_value(&unpacked, name));
			fastcgi_pair(&packed, name, value);
			name = value + strlen(value) + 1;
		}
		CHECK(fastcgi_unpack(&again, &packed));
		CHECK(again.len == unpacked.len);
		CHECK(memcmp(again.data, unpacked.data, again.len) == 0);
	}
	buf_free(&unpacked);
	buf_free(&packed);
	buf_free(&again);
}

static void check_record(const struct fastcgi_record *record)
{
	struct buf wire = { 0 };
	struct fastcgi_record again;

	fastcgi_write(&wire, (enum fastcgi_type)record->type, record->id,
		      record->content, record->len);
	CHECK(fastcgi_read(&again, wire.data, wire.len) == FASTCGI_RECORD);
	CHECK(again.type == record->type && again.id == record->id);
	CHECK(again.size == wire.len && again.len == record->len);
	CHECK(!again.len ||
	      memcmp(again.content, record->content, again.len) == 0);
	buf_free(&wire);
}

void target_fastcgi(const char *bytes, size_t len)
{
	struct buf params = { 0 };
	struct fastcgi_record record;

	while (fastcgi_read(&record, bytes, len) == FASTCGI_RECORD) {
		CHECK(record.size <= len);
		CHECK(record.content >= bytes &&
		      record.content + record.len <= bytes + record.size);
		check_record(&record);
		if (record.type == FASTCGI_PARAMS)
			buf_add(&params, record.content, record.len);
		bytes += record.size;
		len -= record.size;
	}
	check_params(&params);
	buf_free(&params);
}
