/* socket_internal: shared by socket.c and socket_command.c. */
#ifndef CONFAB_WS_BRIDGE_SOCKET_INTERNAL_H
#define CONFAB_WS_BRIDGE_SOCKET_INTERNAL_H

#include "link.h"
#include "reader.h"
#include "socket.h"

enum socket_state {
	SOCKET_HANDSHAKE, /* the request is arriving */
	SOCKET_OPEN,
	SOCKET_CLOSING, /* a CLOSE was sent; the client's has not come */
	SOCKET_ENDING,  /* the last bytes go out; the client's bytes are ignored
			   until it ends, too */
};

/* A command that waits for earlier ones. */
struct command {
	STAILQ_ENTRY(command) link;
	size_t len;
	char bytes[];
};

struct socket {
	struct stream stream;
	struct sockets *sockets;
	enum socket_state state;
	LIST_ENTRY(socket) of_all;
	struct link link;
	struct direct *direct; /* NULL: a web server's connection */
	int bucket;            /* of direct, during the handshake */
	struct watch watch;
	uint32_t waits_for;  /* present events of the watch */
	struct timer timer;  /* for the handshake, the heartbeat, the goodbye */
	char address[64];    /* the client's */
	bool is_half_closed; /* the client sends nothing more */
	bool is_leaving;     /* to be told to come back, after the answer */
	bool is_pinged;      /* an answer to a PING is due */
	int64_t wrote;       /* loop_now() of the write before the PING */
	size_t unheard;      /* bytes written since the client was heard */
	int64_t begun;       /* loop_now() when the message that is arriving
				began, or was read on; 0: none is arriving */
	size_t arrived;      /* bytes of it */
	int64_t idle_since;  /* loop_now(): idle frames are counted from then */
	struct buf head;     /* the request's */
	struct buf out;      /* bytes that the connection did not accept yet */
	struct reader reader;
	STAILQ_HEAD(, command) commands; /* the first is under way */
	struct command_call *call;
};

/* Sends everything that waits for the client, unless earlier bytes still
 * wait. */
void socket_send_waiting(struct socket *s);

/* Sends a CLOSE and waits for the client's. */
void socket_close_with(struct socket *s, int code);

/* Reads on when a command is done. */
void socket_read_on(struct socket *s);

/* Whether the message of which len more bytes have come takes too long. While
 * it arrives it has memory here. */
bool socket_is_late(struct socket *s, size_t len);

/* Idle frames are counted anew in each period. Call it before they are read. */
void socket_begin_period(struct socket *s);

/* Whether too many of them came in this one. */
bool socket_has_idled(const struct socket *s);

/* Handles the messages of a client. The owner is the socket. */
extern const struct reader_handler SOCKET_COMMANDS;

/* Drops the waiting commands. A running one is executed. */
void socket_forget_commands(struct socket *s);

#endif
