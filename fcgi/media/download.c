/* download: GET media/ID/NAME. The database decides whether the caller may see
 * it. If the option sendfile is set the web server sends the file, otherwise
 * this process does. Content that a browser could run is only saved, never
 * shown. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logger.h"
#include "filename.h"
#include "media.h"

enum {
	CHUNK = 65536,
};

/* A file to be sent. */
struct file {
	const char *name, *type;
	struct buf relative; /* path below media_dir */
	char etag[2 * SECRET_HASH_SIZE + 3];
	char content_type[160];
	int fd;
	long long size;
	long long first, end; /* the requested bytes: [first, end) */
};

/* The head of an answer about the file. An upload never changes, but the right
 * to see it does. */
static struct head file_head(int status)
{
	return (struct head){ .status = status,
			      .length = HEAD_NO_LENGTH,
			      .cache = "private, max-age=86400, immutable" };
}

/* Adds the fields of every answer about the file. */
static void add_file_headers(struct media *media, const struct file *file)
{
	http_header(media->http, "ETag: %s", file->etag);
	http_header(media->http, "Vary: Cookie, Authorization");
}

/* Sets how a browser treats the content; content that it could run is only
 * saved. */
static void set_disposition(struct media *media, struct file *file,
			    struct head *head)
{
	struct buf value = { 0 };

	snprintf(file->content_type, sizeof(file->content_type), "%s%s",
		 file->type,
		 strncmp(file->type, "text/", 5) ? "" : "; charset=utf-8");
	head->type = file->content_type;
	filename_disposition(&value, filetype_is_shown(file->type), file->name);
	http_header(media->http, "Content-Disposition: %s", buf_text(&value));
	http_header(media->http,
		    "Content-Security-Policy: sandbox; default-src 'none'");
	http_header(media->http, "Cross-Origin-Resource-Policy: same-site");
	buf_free(&value);
}

static bool lists_etag(const char *list, const char *etag)
{
	return list && (strstr(list, etag) || strcmp(list, "*") == 0);
}

static bool read_number(const char **at, long long *out)
{
	size_t digits = strspn(*at, "0123456789");

	if (digits == 0 || digits > 18)
		return false;
	*out = strtoll(*at, NULL, 10);
	*at += digits;
	return true;
}

/* Reads a Range of one part. False when there is none, or none that is
 * supported: the answer is then the whole file. For a part beyond the file,
 * first is its end. */
static bool read_range(const char *range, struct file *file)
{
	long long first = -1, last = file->size - 1;
	bool has_first, has_last;

	if (!range || strncmp(range, "bytes=", 6) != 0)
		return false;
	range += 6;
	has_first = read_number(&range, &first);
	if (*range++ != '-')
		return false;
	has_last = read_number(&range, &last);
	if (*range != '\0' || (!has_first && !has_last) ||
	    (has_first && has_last && last < first))
		return false;
	if (!has_first) { /* the last bytes */
		first = last < file->size ? file->size - last : 0;
		last = file->size - 1;
	}
	file->first = first < file->size ? first : file->size;
	file->end = last < file->size ? last + 1 : file->size;
	return true;
}

/* Sends the part. A client that stalls ends it (lib/web/request.c), and so does
 * one that is too slow; the web server then sees a short response. */
static void send_part(struct media *media, struct file *file)
{
	int64_t deadline = clock_ms() + media->config->media_timeout * 1000LL;
	long long at = file->first;
	char chunk[CHUNK];

	while (at < file->end && clock_ms() <= deadline) {
		long long left = file->end - at;
		ssize_t n = pread(file->fd, chunk,
				  left < CHUNK ? (size_t)left : CHUNK, at);

		if (n <= 0 || !http_send(media->http, chunk, (size_t)n))
			break;
		at += n;
	}
}

/* Sends the file from this process. */
static void send_file(struct media *media, struct file *file)
{
	struct http *http = media->http;
	const char *condition = http_param(http, "HTTP_IF_RANGE");
	bool partial = (!condition || strcmp(condition, file->etag) == 0) &&
		       read_range(http_param(http, "HTTP_RANGE"), file);
	struct head head = file_head(partial ? 206 : 200);

	http_header(http, "Accept-Ranges: bytes");
	if (partial && file->first >= file->end) {
		http_header(http, "Content-Range: bytes */%lld", file->size);
		head.status = 416;
		http_start(http, &head);
		http_end(http);
		return;
	}
	if (partial)
		http_header(http, "Content-Range: bytes %lld-%lld/%lld",
			    file->first, file->end - 1, file->size);
	set_disposition(media, file, &head);
	head.length = file->end - file->first;
	http_start(http, &head);
	if (strcmp(http_method(http), "HEAD") != 0)
		send_part(media, file);
	http_end(http);
}

/* Makes the web server send the file, ranges included. */
static void delegate_file(struct media *media, struct file *file)
{
	const struct config *config = media->config;
	const char *path = buf_text(&file->relative);
	struct head head = file_head(200);

	set_disposition(media, file, &head);
	if (strcmp(config->sendfile, "x-sendfile") == 0)
		http_header(media->http, "X-Sendfile: %s/%s", config->media_dir,
			    path);
	else
		http_header(media->http, "X-Accel-Redirect: %s%s",
			    config->sendfile_prefix, path);
	http_start(media->http, &head);
	http_end(media->http);
}

/* Opens the file. False when it is missing. */
static bool open_file(struct media *media, struct file *file)
{
	struct buf path = { 0 };
	struct stat is;

	buf_addf(&path, "%s/%s", media->config->media_dir,
		 buf_text(&file->relative));
	file->fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file->fd < 0 || fstat(file->fd, &is) != 0) {
		logger(LEVEL_ERROR, "disk", "request=%s file=%s why=\"%s\"",
		       http_request_id(media->http), buf_text(&file->relative),
		       strerror(errno));
		buf_free(&path);
		return false;
	}
	file->size = file->end = is.st_size;
	buf_free(&path);
	return true;
}

/* Sends the file of a row: content id, hash, size, name, type. */
static void send_upload(struct media *media, const struct pg_result *row)
{
	struct file file = { .fd = -1,
			     .name = pg_field(row, 0, 3),
			     .type = pg_field(row, 0, 4) };
	struct head head;

	store_path(&file.relative, pg_field(row, 0, 1), pg_field(row, 0, 0));
	snprintf(file.etag, sizeof(file.etag), "\"%s\"", pg_field(row, 0, 1));
	if (!open_file(media, &file)) {
		http_fail(media->http, ERROR_NOT_FOUND, NULL);
	} else {
		add_file_headers(media, &file);
		if (lists_etag(http_param(media->http, "HTTP_IF_NONE_MATCH"),
			       file.etag)) {
			head = file_head(304);
			http_start(media->http, &head);
			http_end(media->http);
		} else if (strcmp(media->config->sendfile, "none") == 0) {
			send_file(media, &file);
		} else {
			delegate_file(media, &file);
		}
		close(file.fd);
	}
	buf_free(&file.relative);
}

void media_download(struct media *media, const char *id, bool preview)
{
	const struct pg_param params[] = { media_caller(media),
					   { .data = id },
					   { .data = preview ? "t" : "f" } };
	struct pg_result *row = media_ask(media, MEDIA_GET, 3, params);

	if (row && pg_rows(row) > 0)
		send_upload(media, row);
	else if (row)
		http_fail(media->http, ERROR_NOT_FOUND, NULL);
	pg_result_free(row);
}
