/* handshake: reads the request that opens a WebSocket, and refuses what is not
 * a handshake. Called by socket.c; owns nothing. */
#include "handshake.h"

#include <string.h>
#include <strings.h>

static void copy_header(struct lws *wsi, enum lws_token_indexes token,
			char *out, size_t cap)
{
	if (lws_hdr_copy(wsi, out, (int)cap, token) < 0)
		out[0] = '\0';
}

static void copy_custom(struct lws *wsi, const char *name, char *out,
			size_t cap)
{
	if (lws_hdr_custom_copy(wsi, out, (int)cap, name, (int)strlen(name)) <
	    0)
		out[0] = '\0';
}

static void copy_query(struct lws *wsi, struct handshake *h)
{
	size_t used = 0;
	int n;

	/* lws hands over one decoded argument at a time. */
	for (int i = 0;
	     used + 2 < sizeof(h->query) &&
	     (n = lws_hdr_copy_fragment(wsi, h->query + used,
					(int)(sizeof(h->query) - used - 1),
					WSI_TOKEN_HTTP_URI_ARGS, i)) > 0;
	     i++) {
		used += (size_t)n;
		h->query[used++] = '&';
	}
	h->query[used] = '\0';
}

/* The web server appends the address of its client to whatever that sent: the
 * last one counts, however long the list is. */
static void copy_address(struct lws *wsi, struct handshake *h)
{
	char forwarded[HANDSHAKE_LIMIT];
	size_t start, len;

	copy_header(wsi, WSI_TOKEN_X_FORWARDED_FOR, forwarded,
		    sizeof(forwarded));
	len = strlen(forwarded);
	while (len && strchr(" \t", forwarded[len - 1]))
		forwarded[--len] = '\0';
	for (start = len; start && !strchr(", \t", forwarded[start - 1]);)
		start--;
	if (len - start < sizeof(h->address))
		memcpy(h->address, forwarded + start, len - start + 1);
	else
		h->address[0] = '\0';
}

void handshake_read(struct handshake *h, struct lws *wsi)
{
	copy_query(wsi, h);
	copy_header(wsi, WSI_TOKEN_HTTP_COOKIE, h->cookie, sizeof(h->cookie));
	copy_header(wsi, WSI_TOKEN_ORIGIN, h->origin, sizeof(h->origin));
	copy_header(wsi, WSI_TOKEN_HOST, h->host, sizeof(h->host));
	copy_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, h->authorization,
		    sizeof(h->authorization));
	copy_header(wsi, WSI_TOKEN_HTTP_USER_AGENT, h->agent, sizeof(h->agent));
	copy_custom(wsi, "x-forwarded-proto:", h->proto, sizeof(h->proto));
	copy_address(wsi, h);
}

const char *handshake_param(void *context, const char *name)
{
	struct handshake *h = context;
	const struct {
		const char *name, *value;
	} table[] = {
		{ "QUERY_STRING", h->query },
		{ "HTTP_COOKIE", h->cookie },
		{ "HTTP_ORIGIN", h->origin },
		{ "HTTP_HOST", h->host },
		{ "HTTP_AUTHORIZATION", h->authorization },
		{ "HTTP_USER_AGENT", h->agent },
		{ "HTTPS", strcmp(h->proto, "https") ? "" : "on" },
		{ "REMOTE_ADDR", h->address },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].name, name))
			return *table[i].value ? table[i].value : NULL;
	return NULL;
}

/* lws has decoded the arguments: they are not decoded again, as query_get()
 * would. */
bool handshake_query(const struct handshake *h, const char *name, char *out,
		     size_t cap)
{
	const char *query = h->query;
	size_t name_len = strlen(name);

	while (*query) {
		size_t len = strcspn(query, "&");

		if (len > name_len && query[name_len] == '=' &&
		    !memcmp(query, name, name_len) && len - name_len <= cap) {
			memcpy(out, query + name_len + 1, len - name_len - 1);
			out[len - name_len - 1] = '\0';
			return true;
		}
		query += len + (query[len] == '&');
	}
	return false;
}

/* Whether the client offers a subprotocol that we speak, or names none. */
static bool offers_ours(struct lws *wsi)
{
	char names[256], *at = names;
	const char *name;
	int len = lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL);

	if (!len)
		return true;
	if (lws_hdr_copy(wsi, names, sizeof(names), WSI_TOKEN_PROTOCOL) < 0)
		return false;
	while ((name = strsep(&at, ", \t")))
		if (!strcmp(name, "confab.v1") || !strcmp(name, "confab"))
			return true;
	return false;
}

/* Sixteen bytes in base64 (4.2.1, 5). */
static bool has_key(struct lws *wsi)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char key[32];

	copy_header(wsi, WSI_TOKEN_KEY, key, sizeof(key));
	return strlen(key) == 24 && strspn(key, digits) == 22 &&
	       !strcmp(key + 22, "==");
}

/* 426, with the version that we speak (4.2.2, 4). */
static int refuse_version(struct lws *wsi)
{
	static const unsigned char name[] = "sec-websocket-version:";
	unsigned char head[LWS_PRE + 512], *start = head + LWS_PRE, *at = start;
	unsigned char *end = head + sizeof(head) - 1;

	if (lws_add_http_header_status(wsi, 426, &at, end) ||
	    lws_add_http_header_by_name(wsi, name, (const unsigned char *)"13",
					2, &at, end) ||
	    lws_add_http_header_content_length(wsi, 0, &at, end) ||
	    lws_finalize_write_http_header(wsi, start, &at, end))
		return -1;
	return 1;
}

static int refuse(struct lws *wsi, unsigned status, const char *sentence)
{
	lws_return_http_status(wsi, status, sentence);
	return 1;
}

/* Whether it is a GET of HTTP/1.1 or later. */
static bool is_get(struct lws *wsi)
{
	char version[16];

	copy_header(wsi, WSI_TOKEN_HTTP, version, sizeof(version));
	return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 &&
	       strcmp(version, "HTTP/1.0") != 0;
}

/* What lws has no subprotocol for, it would drop without an answer. */
int handshake_confirm(struct lws *wsi, const char *protocol)
{
	char version[8];

	/* h2c and others are not for us. */
	if (strcasecmp(protocol, "websocket"))
		return -1;
	if (!is_get(wsi))
		return refuse(wsi, 405, "Use GET.");
	copy_header(wsi, WSI_TOKEN_VERSION, version, sizeof(version));
	if (strcmp(version, "13"))
		return refuse_version(wsi);
	if (!has_key(wsi))
		return refuse(wsi, 400, "Sec-WebSocket-Key is malformed.");
	if (!offers_ours(wsi))
		return refuse(wsi, 400, "Unknown subprotocol.");
	return 0;
}
