/* head: the head of an HTTP response. Called by every module that answers over
 * FastCGI or CGI; stateless. */
#include "web/head.h"

#include <stdbool.h>

static const char *reason_phrase(int status)
{
	static const struct {
		int status;
		const char *reason;
	} table[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].reason;
	return "Status";
}

static void write_field(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_addf(out, "%s: %s\r\n", name, value);
}

static void write_fields(struct buf *out, const struct head *head)
{
	bool has_body = head->status != 204 && head->status != 304;

	write_field(out, "Cache-Control",
		    head->cache ? head->cache : "no-store");
	write_field(out, "X-Content-Type-Options", "nosniff");
	write_field(out, "Content-Type", has_body ? head->type : NULL);
	if (has_body && head->length != HEAD_NO_LENGTH)
		buf_addf(out, "Content-Length: %lld\r\n", head->length);
	if (head->retry_after)
		buf_addf(out, "Retry-After: %d\r\n", head->retry_after);
	write_field(out, "Allow", head->allow);
	write_field(out, "X-Request-Id", head->request_id);
	if (head->fields)
		buf_add_text(out, head->fields);
	buf_add_text(out, "\r\n");
}

void head_write(struct buf *out, const struct head *head)
{
	buf_addf(out, "Status: %d %s\r\n", head->status,
		 reason_phrase(head->status));
	write_fields(out, head);
}

void head_write_http(struct buf *out, const struct head *head)
{
	buf_addf(out, "HTTP/1.1 %d %s\r\n", head->status,
		 reason_phrase(head->status));
	write_fields(out, head);
}
