/* handshake: reads the request that opens a WebSocket, and chooses the status
 * of a bad one. Called by socket.c; owns nothing. */
#include "handshake.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/head.h"

#define TOKEN                                                                  \
	"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Cuts the next line off. NULL when it has no end, or has a byte that no head
 * may have (RFC 9110, section 5.5). */
static char *cut_line(char **rest)
{
	char *line = *rest, *end = strstr(line, "\r\n");

	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 2;
	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return NULL;
	return line;
}

static bool parse_request_line(struct handshake *h, char *line)
{
	char *target = strchr(line, ' '), *version, *query;

	if (!target)
		return false;
	*target++ = '\0';
	version = strchr(target, ' ');
	if (!version)
		return false;
	*version++ = '\0';
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	h->method = line;
	h->target = target;
	h->query = query ? query : "";
	h->version = version;
	return *line && line[strspn(line, TOKEN)] == '\0' && *target == '/' &&
	       strlen(version) == 8 && !strncmp(version, "HTTP/", 5) &&
	       version[6] == '.';
}

/* A line that begins with a space used to continue the one before; that is no
 * longer accepted (RFC 9112, section 5.2). */
static bool parse_field(struct handshake *h, char *line)
{
	size_t name = strspn(line, TOKEN);
	char *value = line + name, *end;

	if (!name || *value != ':' || h->n_fields == HANDSHAKE_FIELDS)
		return false;
	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && strchr(" \t", end[-1]))
		*--end = '\0';
	h->fields[h->n_fields++] = (struct handshake_field){ line, value };
	return true;
}

/* The value of a header, the last one if it occurs several times; NULL when
 * there is none. *count is the number of times. */
static const char *find_field(const struct handshake *h, const char *name,
			      int *count)
{
	const char *value = NULL;

	*count = 0;
	for (int i = 0; i < h->n_fields; i++)
		if (!strcasecmp(h->fields[i].name, name)) {
			value = h->fields[i].value;
			++*count;
		}
	return value;
}

/* The value of a header that may occur only once. */
static const char *only_field(const struct handshake *h, const char *name)
{
	int count;
	const char *value = find_field(h, name, &count);

	return count == 1 ? value : NULL;
}

/* Cuts the next token off the front of a list. Returns its length; 0 at the
 * end. */
static size_t next_token(const char **list)
{
	size_t len;

	*list += strspn(*list, ", \t");
	len = strcspn(*list, ", \t");
	return len;
}

/* Whether the headers of that name list the token. */
static bool lists_token(const struct handshake *h, const char *name,
			const char *token)
{
	for (int i = 0; i < h->n_fields; i++) {
		const char *list = h->fields[i].value;
		size_t len;

		if (strcasecmp(h->fields[i].name, name))
			continue;
		for (; (len = next_token(&list)); list += len)
			if (len == strlen(token) &&
			    !strncasecmp(list, token, len))
				return true;
	}
	return false;
}

/* Chooses the first subprotocol of the client's list that we speak. False when
 * it lists some and none of ours. */
static bool choose_protocol(struct handshake *h)
{
	static const char *const ours[] = { "confab.v1", "confab" };
	bool lists = false;

	for (int i = 0; i < h->n_fields && !h->protocol; i++) {
		const char *list = h->fields[i].value;
		size_t len;

		if (strcasecmp(h->fields[i].name, "Sec-WebSocket-Protocol"))
			continue;
		for (; !h->protocol && (len = next_token(&list)); list += len) {
			lists = true;
			for (int j = 0; j < 2; j++)
				if (len == strlen(ours[j]) &&
				    !strncmp(list, ours[j], len))
					h->protocol = ours[j];
		}
	}
	return h->protocol || !lists;
}

/* Checks the key, sixteen bytes in base64 (4.1), and computes the accept value:
 * the base64 of SHA-1 over the key and a constant (4.2.2, 5.4). */
static bool accept_key(struct handshake *h)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *key = only_field(h, "Sec-WebSocket-Key");
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[24 + sizeof(guid)];
	unsigned len;

	if (!key || strlen(key) != 24 || strspn(key, digits) != 22 ||
	    strcmp(key + 22, "==") != 0)
		return false;
	memcpy(text, key, 24);
	memcpy(text + 24, guid, sizeof(guid));
	if (!EVP_Digest(text, 24 + sizeof(guid) - 1, hash, &len, EVP_sha1(),
			NULL))
		abort();
	EVP_EncodeBlock((unsigned char *)h->accept, hash, (int)len);
	return true;
}

static bool is_listed(const char *list, const char *address, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == len && !memcmp(list, address, len))
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

/* The web server appends its client's address to whatever the client sent, so
 * the last address of the list counts, or, where that is a proxy's, the one
 * before. */
static void find_address(struct handshake *h, const char *proxies)
{
	static const char between[] = ", \t";
	int count;
	const char *list = find_field(h, "X-Forwarded-For", &count);
	const char *end = list ? list + strlen(list) : NULL, *start = end;

	while (end > list) {
		while (end > list && strchr(between, end[-1]))
			end--;
		for (start = end; start > list && !strchr(between, start[-1]);)
			start--;
		if (!is_listed(proxies, start, (size_t)(end - start)))
			break;
		end = start;
	}
	if (start && (size_t)(end - start) < sizeof(h->address))
		memcpy(h->address, start, (size_t)(end - start));
}

/* The address of a client that no web server has passed on. Ports are no part
 * of what cookies are for, so the page may be at another one: an Origin of the
 * default port is the same host. */
static void note_peer(struct handshake *h, const struct handshake_peer *peer)
{
	const char *host = only_field(h, "Host"), *port;
	size_t len = host ? strlen(host) : 0;

	h->is_direct = true;
	h->is_tls = peer->is_tls;
	memcpy(h->address, peer->address, sizeof(h->address));
	port = host ? strrchr(host, ':') : NULL;
	if (port && !strchr(port, ']'))
		len = (size_t)(port - host);
	if (len < sizeof(h->host) && len)
		memcpy(h->host, host, len);
}

/* Whether the request names its host, and repeats no header whose repetition
 * would be ambiguous. */
static bool is_unambiguous(const struct handshake *h)
{
	static const char *const once[] = { "Host",
					    "Origin",
					    "Authorization",
					    "Content-Length",
					    "Transfer-Encoding",
					    "Sec-WebSocket-Key",
					    "Sec-WebSocket-Version" };
	int count;

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		find_field(h, once[i], &count);
		if (count > 1)
			return false;
	}
	return only_field(h, "Host") && *only_field(h, "Host");
}

static bool has_body(const struct handshake *h)
{
	const char *length = only_field(h, "Content-Length");

	return (length && strcmp(length, "0") != 0) ||
	       only_field(h, "Transfer-Encoding");
}

/* The status of the answer: 101, or a refusal (4.2.1, 4.2.2). */
static int choose_status(struct handshake *h)
{
	const char *version;

	if (strcmp(h->version, "HTTP/1.1"))
		return 505;
	if (strcmp(h->method, "GET"))
		return 405;
	if (!is_unambiguous(h) || has_body(h))
		return 400;
	version = only_field(h, "Sec-WebSocket-Version");
	if (!lists_token(h, "Upgrade", "websocket") ||
	    !lists_token(h, "Connection", "upgrade") || !version ||
	    strcmp(version, "13") != 0)
		return 426;
	if (!accept_key(h) || !choose_protocol(h))
		return 400;
	return 101;
}

int handshake_parse(struct handshake *h, char *bytes, size_t len,
		    const char *proxies, const struct handshake_peer *peer)
{
	char *end = memmem(bytes, len, "\r\n\r\n", 4), *rest = bytes, *line;

	*h = (struct handshake){ .method = NULL };
	if (!end || (size_t)(end - bytes) + 4 > HANDSHAKE_LIMIT)
		return len < HANDSHAKE_LIMIT && !end ? 0 : 431;
	h->size = (size_t)(end - bytes) + 4;
	if (memchr(bytes, '\0', h->size))
		return 400;
	/* Cut at the second CR LF: an empty line ends the fields. */
	end[2] = '\0';
	line = cut_line(&rest);
	if (!line || !parse_request_line(h, line))
		return 400;
	while (*rest) {
		line = cut_line(&rest);
		if (!line || !parse_field(h, line))
			return 400;
	}
	if (peer && !is_listed(proxies, peer->address, strlen(peer->address)))
		note_peer(h, peer);
	else
		find_address(h, proxies);
	return choose_status(h);
}

static void accept_handshake(struct buf *out, const struct handshake *h,
			     const char *id)
{
	buf_addf(out,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
		 "X-Request-Id: %s\r\n",
		 h->accept, id);
	if (h->protocol)
		buf_addf(out, "Sec-WebSocket-Protocol: %s\r\n", h->protocol);
	buf_add_text(out, "\r\n");
}

void handshake_answer(struct buf *out, const struct handshake *h, int status,
		      const char *id)
{
	static const char upgrade[] = "Upgrade: websocket\r\n"
				      "Sec-WebSocket-Version: 13\r\n";
	struct buf fields = { 0 };

	if (status == 101) {
		accept_handshake(out, h, id);
		return;
	}
	/* A refusal closes the connection. */
	buf_addf(&fields, "%sConnection: %sclose\r\n",
		 status == 426 ? upgrade : "",
		 status == 426 ? "Upgrade, " : "");
	head_write_http(out,
			&(struct head){ .status = status,
					.allow = status == 405 ? "GET" : NULL,
					.request_id = id,
					.fields = buf_text(&fields) });
	buf_free(&fields);
}

const char *handshake_param(void *context, const char *name)
{
	static const struct {
		const char *cgi, *header;
	} table[] = {
		{ "HTTP_COOKIE", "Cookie" },
		{ "HTTP_ORIGIN", "Origin" },
		{ "HTTP_HOST", "Host" },
		{ "HTTP_AUTHORIZATION", "Authorization" },
		{ "HTTP_USER_AGENT", "User-Agent" },
	};
	const struct handshake *h = context;
	const char *proto;
	int count;

	if (!strcmp(name, "QUERY_STRING"))
		return *h->query ? h->query : NULL;
	if (!strcmp(name, "REMOTE_ADDR"))
		return *h->address ? h->address : NULL;
	if (h->is_direct && !strcmp(name, "HTTPS"))
		return h->is_tls ? "on" : NULL;
	if (h->is_direct && !strcmp(name, "HTTP_HOST"))
		return *h->host ? h->host : NULL;
	if (!strcmp(name, "HTTPS")) {
		proto = find_field(h, "X-Forwarded-Proto", &count);
		return proto && !strcmp(proto, "https") ? "on" : NULL;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].cgi, name)) {
			const char *value =
				find_field(h, table[i].header, &count);

			return value && *value ? value : NULL;
		}
	return NULL;
}
