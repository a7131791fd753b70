/* upload: POST media. The body, or the file of a form, goes to a file as it
 * comes; none of it is kept in memory. Its type is found, then the database
 * decides, and only then does the file get its place. If anything fails before,
 * the file is removed; the next process removes that of a dead one
 * (fcgi/media/store.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/query.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "filename.h"
#include "media.h"
#include "web/multipart.h"

enum {
	CHUNK = 65536,
	MIB = 1048576,
	FORM_LIMIT = 65536, /* bytes of a form around its file */
	NAME_GIVEN = 2048,  /* bytes of a name as sent */
	TYPE_GIVEN = 128,   /* bytes of a Content-Type */
};

/* The reason why a body was refused. */
enum fault {
	FAULT_NONE,
	FAULT_TOO_LARGE,
	FAULT_CUT_OFF,
	FAULT_SLOW,
	FAULT_FORM, /* malformed, or without a file */
	FAULT_DISK,
};

/* An upload that is being received. */
struct upload {
	struct media *media;
	struct spool spool;
	long long limit; /* bytes */
	enum fault fault;
	struct buf name; /* cleaned */
	char declared[TYPE_GIVEN];
};

/* Takes a piece of the file. Fits multipart_create(). */
static bool take_piece(void *context, const char *bytes, size_t len)
{
	struct upload *upload = context;

	if (upload->spool.size + (long long)len > upload->limit)
		upload->fault = FAULT_TOO_LARGE;
	else if (!spool_add(&upload->spool, bytes, len))
		upload->fault = FAULT_DISK;
	return upload->fault == FAULT_NONE;
}

/* Reads the body. form: NULL when the body is the file itself. */
static void read_body(struct upload *upload, struct multipart *form)
{
	struct media *media = upload->media;
	int64_t deadline = clock_ms() + media->config->media_timeout * 1000LL;
	enum multipart_progress progress = MULTIPART_MORE;
	char chunk[CHUNK];
	ssize_t n;

	while ((n = http_read(media->http, chunk, sizeof(chunk))) > 0) {
		if (clock_ms() > deadline)
			upload->fault = FAULT_SLOW;
		else if (!form)
			take_piece(upload, chunk, (size_t)n);
		else
			progress = multipart_feed(form, chunk, (size_t)n);
		if (progress == MULTIPART_MALFORMED)
			upload->fault = FAULT_FORM;
		if (upload->fault != FAULT_NONE)
			return;
	}
	if (n < 0)
		upload->fault = FAULT_CUT_OFF;
	else if (form && (progress != MULTIPART_DONE || !multipart_name(form)))
		upload->fault = FAULT_FORM;
}

/* Keeps the client's name and type of the file, as far as they are text. */
static void note_claims(struct upload *upload, const char *name,
			const char *type)
{
	if (name && !utf8_valid(name, strlen(name)))
		name = NULL;
	filename_clean(&upload->name, name);
	if (type)
		snprintf(upload->declared, sizeof(upload->declared), "%s",
			 type);
}

static void read_upload(struct upload *upload)
{
	struct http *http = upload->media->http;
	const char *type = http_param(http, "CONTENT_TYPE");
	struct multipart *form = multipart_create(type, take_piece, upload);
	char name[NAME_GIVEN];

	read_body(upload, form);
	if (upload->fault == FAULT_NONE && form)
		note_claims(upload, multipart_name(form), multipart_type(form));
	else if (!form)
		note_claims(upload,
			    query_get(http_param(http, "QUERY_STRING"), "name",
				      name, sizeof(name))
				    ? name
				    : NULL,
			    type);
	multipart_free(form);
	if (upload->fault == FAULT_NONE && !spool_finish(&upload->spool))
		upload->fault = FAULT_DISK;
}

static void fail_disk(struct media *media, const char *what, int why)
{
	logger(LEVEL_ERROR, "disk", "request=%s doing=%s why=\"%s\"",
	       http_request_id(media->http), what, strerror(why));
	http_fail(media->http, ERROR_UNAVAILABLE, NULL);
}

static void fail_too_large(struct media *media)
{
	char sentence[80];

	snprintf(sentence, sizeof(sentence), "A file has at most %lld bytes.",
		 (long long)media->config->media_max_size * MIB);
	http_fail(media->http, ERROR_TOO_LARGE, sentence);
}

/* why: the errno of FAULT_DISK. */
static void answer_fault(struct media *media, enum fault fault, int why)
{
	switch (fault) {
	case FAULT_TOO_LARGE:
		fail_too_large(media);
		break;
	case FAULT_CUT_OFF:
		http_fail(media->http, ERROR_INVALID,
			  "The body is shorter than announced.");
		break;
	case FAULT_SLOW:
		http_fail(media->http, ERROR_INVALID,
			  "The upload took too long.");
		break;
	case FAULT_FORM:
		media_refuse(media, "file", "No file was submitted.");
		break;
	case FAULT_DISK:
		fail_disk(media, "write", why);
		break;
	case FAULT_NONE:
		break;
	}
}

/* Appends the URL of an upload; name is encoded. */
static void add_url(struct buf *out, const struct media *media, const char *id,
		    const char *name)
{
	buf_addf(out, "%smedia/%s/", media->config->mount, id);
	/* "preview" names the preview. */
	if (strcmp(name, "preview") == 0)
		buf_add_text(out, "_");
	filename_url(out, name);
}

static void add_side(struct buf *out, const char *name, int pixels)
{
	if (pixels > 0)
		buf_addf(out, ",\"%s\":%d", name, pixels);
	else
		buf_addf(out, ",\"%s\":null", name);
}

/* Answers with the asset for a message. The members quoted by hand need no
 * escapes. */
static void answer_upload(struct upload *upload,
			  const struct media_findings *found, const char *id,
			  const char *kind, const char *type)
{
	struct media *media = upload->media;
	const char *name = buf_text(&upload->name);
	struct buf body = { 0 }, url = { 0 };

	add_url(&url, media, id, name);
	buf_addf(&body,
		 "{\"media_url\":\"%s\",\"media_type\":\"%s\","
		 "\"file_size\":%lld,\"mime_type\":\"%s\",\"caption\":null,"
		 "\"metadata\":{\"name\":",
		 buf_text(&url), kind, upload->spool.size, type);
	json_quote(&body, name, strlen(name));
	add_side(&body, "width", found->width);
	add_side(&body, "height", found->height);
	if (found->has_preview)
		buf_addf(&body, ",\"preview\":\"%smedia/%s/preview\"}}",
			 media->config->mount, id);
	else
		buf_add_text(&body, ",\"preview\":null}}");
	http_header(media->http, "Location: %s", buf_text(&url));
	http_respond(media->http, 201, body.data, body.len);
	buf_free(&url);
	buf_free(&body);
}

/* Moves the files to the places in the rows. */
static bool place_files(struct upload *upload, struct media_findings *found,
			const struct pg_result *row)
{
	const char *directory = upload->media->config->media_dir;
	long long size = upload->spool.size;
	bool ok =
		(!found->has_preview || spool_place(&found->picture, directory,
						    pg_field(row, 0, 2))) &&
		spool_place(&upload->spool, directory, pg_field(row, 0, 1));

	if (!ok)
		return false;
	upload->spool.size = size;
	return true;
}

static struct pg_param hash_param(const struct spool *spool)
{
	return (struct pg_param){ .data = (const char *)spool->hash,
				  .len = SECRET_HASH_SIZE,
				  .binary = true };
}

/* Stores a file that was read whole, and answers. */
static void store_upload(struct upload *upload, struct media_findings *found,
			 const char *kind, const char *type)
{
	struct media *media = upload->media;
	char size[24], width[12], height[12], preview_size[24], quota[24];
	struct pg_param params[] = {
		media_caller(media),
		{ .data = buf_text(&upload->name) },
		{ .data = kind },
		{ .data = type },
		hash_param(&upload->spool),
		{ .data = size },
		{ .data = found->width ? width : NULL },
		{ .data = found->width ? height : NULL },
		{ .data = NULL },
		{ .data = preview_size },
		{ .data = quota },
	};
	struct pg_result *row;

	snprintf(size, sizeof(size), "%lld", upload->spool.size);
	snprintf(width, sizeof(width), "%d", found->width);
	snprintf(height, sizeof(height), "%d", found->height);
	snprintf(preview_size, sizeof(preview_size), "%lld",
		 found->picture.size);
	snprintf(quota, sizeof(quota), "%lld",
		 (long long)media->config->media_quota * MIB);
	if (found->has_preview)
		params[8] = hash_param(&found->picture);
	row = media_ask(media, MEDIA_CREATE, 11, params);
	if (!row)
		return;
	if (place_files(upload, found, row))
		answer_upload(upload, found, pg_field(row, 0, 0), kind, type);
	else
		fail_disk(media, "place", errno);
	pg_result_free(row);
}

static void examine_upload(struct upload *upload)
{
	struct media *media = upload->media;
	const char *extension = filename_extension(buf_text(&upload->name));
	const char *type, *kind;
	struct media_findings found;

	if (upload->spool.size == 0) {
		media_refuse(media, "file", "The submitted file is empty.");
		return;
	}
	media_examine(&found, upload->spool.fd, media->config->media_dir);
	type = filetype_name(found.type, extension);
	kind = filetype_kind(type, upload->declared);
	if (strcmp(kind, "image") != 0) {
		found.width = 0;
		found.height = 0;
		found.has_preview = false;
	}
	store_upload(upload, &found, kind, type);
	spool_discard(&found.picture);
}

/* Takes a place among the workers that are busy for the account: a picture may
 * cost seconds. Answers if there is none. */
static bool take_share(struct media *media, int64_t account)
{
	const struct config *config = media->config;
	int most = shares_most(config->account_commands, config->media_workers);

	if (!config->rate_limits || !config->account_commands ||
	    !media->share ||
	    shares_begin(media->shares, media->share, account, most))
		return true;
	http_fail(media->http, ERROR_RATE, "1");
	return false;
}

/* Whether the caller is known and has room; checked before anything is read.
 * Answers if not. length: of the body, or HTTP_UNKNOWN_LENGTH. */
static bool is_allowed(struct media *media, long long length)
{
	char size[24], quota[24];
	const struct pg_param params[] = { media_caller(media),
					   { .data = size },
					   { .data = quota } };
	struct pg_result *result;
	bool allowed;

	/* A form is a little longer than its file. */
	length -= FORM_LIMIT;
	snprintf(size, sizeof(size), "%lld", length > 0 ? length : 0);
	snprintf(quota, sizeof(quota), "%lld",
		 (long long)media->config->media_quota * MIB);
	result = media_ask(media, MEDIA_ALLOW, 3, params);
	allowed = result &&
		  take_share(media, strtoll(pg_field(result, 0, 0), NULL, 10));
	pg_result_free(result);
	return allowed;
}

static void receive_upload(struct media *media, long long limit)
{
	struct upload upload = { .media = media, .limit = limit };
	int why;

	if (!spool_open(&upload.spool, media->config->media_dir)) {
		fail_disk(media, "open", errno);
		return;
	}
	read_upload(&upload);
	if (upload.fault == FAULT_NONE) {
		examine_upload(&upload);
		spool_discard(&upload.spool);
	} else {
		why = errno;
		spool_discard(&upload.spool);
		answer_fault(media, upload.fault, why);
	}
	buf_free(&upload.name);
}

void media_upload(struct media *media)
{
	long long length = http_length(media->http);
	long long limit = (long long)media->config->media_max_size * MIB;

	if (length > limit + FORM_LIMIT) {
		fail_too_large(media);
	} else if (is_allowed(media, length)) {
		receive_upload(media, limit);
		if (media->share)
			shares_end(media->share);
	}
}
