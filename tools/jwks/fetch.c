/* fetch: see jwks.h. Called by main(); libcurl does the work, so that requests
 * by https are made as everywhere on this machine. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "jwks.h"

struct reading {
	struct buf *out;
	bool is_long; /* beyond JWKS_LIMIT */
};

static size_t take_part(char *bytes, size_t size, size_t count, void *context)
{
	struct reading *reading = context;
	size_t len = size * count;

	reading->is_long = reading->out->len + len > JWKS_LIMIT;
	if (reading->is_long)
		return 0; /* ends the transfer */
	buf_add(reading->out, bytes, len);
	return len;
}

/* Whether keys may come without encryption: what answers is this machine. */
static bool is_local(const char *host)
{
	return !strcmp(host, "localhost") || !strncmp(host, "127.", 4) ||
	       !strcmp(host, "[::1]");
}

static bool is_safe(const char *address)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL;
	bool safe = url && !curl_url_set(url, CURLUPART_URL, address, 0) &&
		    !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
		    !curl_url_get(url, CURLUPART_HOST, &host, 0) &&
		    (!strcmp(scheme, "https") ||
		     (!strcmp(scheme, "http") && is_local(host)));

	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return safe;
}

static void prepare(CURL *curl, const char *address, struct reading *reading,
		    char *said)
{
	curl_easy_setopt(curl, CURLOPT_URL, address);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)JWKS_PATIENCE);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "confab-jwks");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_part);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reading);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
}

/* The sentence for what went wrong; false if anything did. */
static bool judge(CURL *curl, CURLcode code, const struct reading *reading,
		  const char *said, struct buf *why)
{
	const char *to = NULL;
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &to);
	if (reading->is_long)
		buf_addf(why, "the set has more than %d bytes", JWKS_LIMIT);
	else if (code != CURLE_OK)
		buf_add_text(why, *said ? said : curl_easy_strerror(code));
	else if (to)
		buf_addf(why, "it redirects to %s: name that address", to);
	else if (status != 200)
		buf_addf(why, "the answer is %ld instead of 200", status);
	else
		return true;
	return false;
}

bool fetch_address(struct buf *out, const char *address, struct buf *why)
{
	char said[CURL_ERROR_SIZE] = "";
	struct reading reading = { .out = out };
	CURL *curl;
	bool ok;

	if (!is_safe(address)) {
		buf_add_text(why, "an address is https://…, or http:// of this "
				  "machine");
		return false;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	if (!curl) {
		buf_add_text(why, "not enough memory");
		return false;
	}
	prepare(curl, address, &reading, said);
	ok = judge(curl, curl_easy_perform(curl), &reading, said, why);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return ok;
}

/* Reads to the end, or one byte more than a set may have. */
static bool read_input(struct buf *out, struct buf *why)
{
	while (!feof(stdin) && !ferror(stdin) && out->len <= JWKS_LIMIT) {
		buf_reserve(out, 65536);
		out->len += fread(out->data + out->len, 1, 65536, stdin);
	}
	if (ferror(stdin))
		buf_add_text(why, strerror(errno));
	else if (out->len > JWKS_LIMIT)
		buf_addf(why, "the set has more than %d bytes", JWKS_LIMIT);
	return !why->len;
}

bool fetch_file(struct buf *out, const char *path, struct buf *why)
{
	return strcmp(path, "-") ? file_read(out, path, JWKS_LIMIT, why)
				 : read_input(out, why);
}
