/* socket_pace: how slowly a client may send, and how many idle frames.
 * Called by socket.c. */
#include "socket_internal.h"

enum {
	/* A slow network's share: 500 bytes a second, as Apache's
	 * mod_reqtimeout has it. */
	MS_PER_BYTE = 2,
	/* More pings than any client needs. */
	IDLE_FRAMES = 200,
	IDLE_PERIOD = 10000, /* ms */
};

bool socket_is_late(struct socket *s, size_t len)
{
	int64_t now = loop_now(s->sockets->loop);

	if (!s->reader.context) {
		s->begun = 0;
		return false;
	}
	if (!s->begun) {
		s->begun = now;
		s->arrived = 0;
	}
	s->arrived += len;
	return now - s->begun > s->sockets->config->request_timeout * 1000 +
					(int64_t)s->arrived * MS_PER_BYTE;
}

void socket_begin_period(struct socket *s)
{
	int64_t now = loop_now(s->sockets->loop);

	if (now - s->idle_since > IDLE_PERIOD) {
		s->idle_since = now;
		s->reader.idle = 0;
	}
}

bool socket_has_idled(const struct socket *s)
{
	return s->reader.idle > IDLE_FRAMES;
}
