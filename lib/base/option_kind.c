/* option_kind: see option_kind.h. Called by config; owns nothing. */
#include "base/option_kind.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/port.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
/* The characters that every web server and browser leaves as they are in a path
 * (RFC 3986, section 2.3). */
#define UNRESERVED LETTERS DIGITS "-._~"

enum {
	COMMAND_WORDS = 32,
	ADDRESS_SIZE = 64 /* bytes of an address with its NUL */
};

bool option_find_level(const char *name, enum logger_level *out)
{
	static const char *const NAMES[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(NAMES[i], name)) {
			*out = (enum logger_level)i;
			return true;
		}
	return false;
}

static bool is_level(const char *text)
{
	enum logger_level level;

	return option_find_level(text, &level);
}

static bool is_name(const char *text)
{
	return *text != '\0';
}

/* A control character would break the lines of the log. */
static bool is_full_path(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool is_full_path_or_nothing(const char *text)
{
	return !*text || is_full_path(text);
}

/* Whether the bytes are the names of a URL's path with one slash between them,
 * and perhaps one at their end. Servers and browsers resolve "." and "..", and
 * many of them merge slashes. */
static bool is_relative(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = strspn(text, UNRESERVED);

		if (!n ||
		    (*text == '.' && (n == 1 || (n == 2 && text[1] == '.'))))
			return false;
		text += n;
		if (text < end && *text++ != '/')
			return false;
	}
	return true;
}

static bool is_mount(const char *text)
{
	size_t len = strlen(text);

	return *text == '/' && text[len - 1] == '/' &&
	       is_relative(text + 1, len - 1);
}

static bool is_place_of(const char *text, size_t len)
{
	size_t slash = *text == '/';

	return is_relative(text + slash, len - slash);
}

static bool is_place(const char *text)
{
	return strcmp(text, "/") != 0 && is_place_of(text, strlen(text));
}

/* Whether each word of the text is valid; there may be none. */
static bool has_only(const char *text, bool (*is_valid)(const char *, size_t))
{
	size_t len;

	for (; *(text += strspn(text, " \t")); text += len) {
		len = strcspn(text, " \t");
		if (!is_valid(text, len))
			return false;
	}
	return true;
}

static bool are_places(const char *text)
{
	return has_only(text, is_place_of);
}

/* Length of a host and perhaps a port at the start of text; 0 when it begins
 * with something else. */
static size_t host_length(const char *text)
{
	size_t len = strspn(text, UNRESERVED), port;

	if (*text == '[') {
		len = 1 + strspn(text + 1, DIGITS "abcdefABCDEF:.");
		len = len > 1 && text[len] == ']' ? len + 1 : 0;
	}
	if (!len || text[len] != ':')
		return len;
	port = strspn(text + len + 1, DIGITS);
	return port && port <= 5 ? len + 1 + port : 0;
}

/* A page is opened by browsers, so it is neither a file nor a script. */
static bool is_url(const char *text)
{
	static const char more[] = UNRESERVED ":/?#[]@!$&'()*+,;=%";
	size_t scheme = !strncasecmp(text, "https://", 8)  ? 8
			: !strncasecmp(text, "http://", 7) ? 7
							   : 0;
	size_t host = scheme ? host_length(text + scheme) : 0;

	return !*text || (host && strchr("/?#", text[scheme + host]) &&
			  text[strspn(text, more)] == '\0');
}

/* The scheme is any: applications on telephones have their own. "null" and "*"
 * would be everybody's. */
static bool is_origin(const char *text, size_t len)
{
	size_t scheme = strspn(text, LETTERS DIGITS "+-."), host;

	if (!scheme || strncmp(text + scheme, "://", 3) != 0)
		return false;
	host = host_length(text + scheme + 3);
	return host && scheme + 3 + host == len;
}

static bool are_origins(const char *text)
{
	return has_only(text, is_origin);
}

static bool is_address(const char *text, size_t len)
{
	char address[ADDRESS_SIZE];
	unsigned char bytes[sizeof(struct in6_addr)];

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return inet_pton(AF_INET, address, bytes) == 1 ||
	       inet_pton(AF_INET6, address, bytes) == 1;
}

static bool are_addresses(const char *text)
{
	return has_only(text, is_address);
}

static bool is_command(const char *text)
{
	int words = 0;

	for (; *(text += strspn(text, " \t")); words++)
		text += strcspn(text, " \t");
	return words <= COMMAND_WORDS;
}

static bool is_sendfile(const char *text)
{
	return !strcmp(text, "none") || !strcmp(text, "x-sendfile") ||
	       !strcmp(text, "x-accel-redirect");
}

static bool is_port(const char *text)
{
	return !*text || port_is_valid(text);
}

#define IN_PATHS "of letters, digits and -._~"

const struct option_kind OPTION_NAME = { is_name, "a name" };
const struct option_kind OPTION_LEVEL = { is_level,
					  "error, warn, info or debug" };
const struct option_kind OPTION_PATH = { is_full_path, "a full path" };
const struct option_kind OPTION_PATH_OR_NOTHING = { is_full_path_or_nothing,
						    "a full path, or nothing" };
const struct option_kind OPTION_MOUNT = {
	is_mount, "a path with a slash at both ends, " IN_PATHS ", like /chat/"
};
const struct option_kind OPTION_PLACE = { is_place,
					  "a path " IN_PATHS
					  ", like api/messages/, or nothing" };
const struct option_kind OPTION_PLACES = { are_places,
					   "paths " IN_PATHS
					   ", like ws/messages/, or nothing" };
const struct option_kind OPTION_URL = {
	is_url, "an address like https://www.example.org/page, or nothing"
};
const struct option_kind OPTION_ORIGINS = {
	are_origins, "origins like https://www.example.org, with no path, and "
		     "blanks between them, or nothing"
};
const struct option_kind OPTION_ADDRESSES = {
	are_addresses,
	"IP addresses like 192.0.2.1, with blanks between them, or nothing"
};
const struct option_kind OPTION_COMMAND = {
	is_command, "a command of at most 32 words, or nothing"
};
const struct option_kind OPTION_SENDFILE = {
	is_sendfile, "none, x-sendfile or x-accel-redirect"
};

const struct option_kind OPTION_PORT = {
	is_port, "ADDRESS:PORT with a numeric address (0.0.0.0:8443 or "
		 "[::]:8443), or nothing"
};
