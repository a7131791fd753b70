/* talk: see talk.h. Called by socket.c; owns nothing. */
#include "talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/query.h"

/* Whether the path is that of an option's word: below the mount point, or with
 * a slash at its start. */
static bool is_at(const char *path, const char *mount, const char *word,
		  size_t len)
{
	size_t above = *word == '/' ? 0 : strlen(mount);

	return strncmp(path, mount, above) == 0 &&
	       strlen(path + above) == len &&
	       memcmp(path + above, word, len) == 0;
}

static bool is_talk(const struct config *config, const char *path)
{
	const char *word = config->direct_sockets;
	size_t len;

	for (; *(word += strspn(word, " \t")); word += len) {
		len = strcspn(word, " \t");
		if (is_at(path, config->mount, word, len))
			return true;
	}
	return false;
}

bool talk_is_path(const struct config *config, const char *path)
{
	return is_at(path, config->mount, "ws", 2) || is_talk(config, path);
}

bool talk_read(const struct config *config, const struct handshake *h,
	       enum stream_form *form, int64_t *peer)
{
	char text[24], *end;

	*peer = 0;
	if (!form_read(h->query, form))
		return false;
	if (*form != FORM_FULL || !is_talk(config, h->target))
		return true;
	*form = FORM_TALK;
	if (!query_has(h->query, "recipient_id"))
		return true;
	if (!query_get(h->query, "recipient_id", text, sizeof(text)))
		return false;
	errno = 0;
	*peer = strtoll(text, &end, 10);
	return *peer && !errno && !*end && strchr("-0123456789", *text);
}
