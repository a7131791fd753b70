/* swarm_client: one of thousands of connections that a measurement holds. It
 * asks for a stream, takes chunks and WebSocket frames apart, and looks for
 * marks: "mark-" and ten digits and a full stop. Part of bench/swarm. */
#ifndef CONFAB_BENCH_SWARM_CLIENT_H
#define CONFAB_BENCH_SWARM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MARK_LENGTH = 16, /* mark-0000000000. */
	CARRY = 24,       /* bytes kept for a mark that is cut in two */
};

enum client_state {
	CLIENT_CONNECTING,
	CLIENT_ASKING,  /* the answer's head has not come yet */
	CLIENT_WAITING, /* the head has come; the bytes that show an open stream
			   have not */
	CLIENT_OPEN,
	CLIENT_GONE, /* refused, or ended by the other side */
};

/* The handling of received bytes. */
enum client_role {
	ROLE_WATCHED, /* its marks are counted and timed */
	ROLE_READING, /* read and ignored */
	ROLE_DEAF,    /* is not read once it is open */
};

struct client {
	int fd, port;
	const char *token; /* one line of a file, or NULL */
	enum client_state state;
	enum client_role role;
	bool websocket, chunked;
	size_t left; /* bytes left of the chunk or the frame */
	unsigned char head[14], head_len;
	unsigned char carried;
	char carry[CARRY];
	int64_t last_mark; /* -1: none yet */
	uint32_t marks;
	int64_t opened_at, goal_at; /* ns */
};

/* The events of a client. */
struct client_events {
	/* Bytes that show that the stream is open. */
	const char *ready;
	void (*opened)(struct client *client);
	void (*marked)(struct client *client, int64_t mark);
};

/* Takes received bytes, which it may change. False: the client was refused.
 * Answers the PINGs of a WebSocket. */
bool client_take(struct client *client, const struct client_events *events,
		 char *bytes, size_t len);

#endif
