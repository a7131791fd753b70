/* socket_internal: what socket.c and socket_command.c share. */
#ifndef CONFAB_WS_BRIDGE_SOCKET_INTERNAL_H
#define CONFAB_WS_BRIDGE_SOCKET_INTERNAL_H

#include "reader.h"
#include "socket.h"

enum socket_state {
	SOCKET_HANDSHAKE, /* its request arrives */
	SOCKET_OPEN,
	SOCKET_CLOSING, /* a CLOSE was sent; the client's is to come */
	SOCKET_ENDING,  /* its last bytes go out, and the client's are passed
			 * over until it ends, too */
};

/* A command that waits for those before it. */
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
	struct watch watch;
	uint32_t waits_for;  /* what the watch is set to */
	struct timer timer;  /* of the handshake, the heartbeat, the goodbye */
	char address[64];    /* of the client */
	bool is_half_closed; /* the client sends nothing more */
	bool is_leaving;     /* is to be told to come back, after the answer */
	bool is_pinged;      /* something is to come back */
	int64_t wrote;       /* loop_now() when bytes went out before that */
	struct buf head;     /* of the request */
	struct buf out;      /* bytes that the connection has not taken */
	struct reader reader;
	STAILQ_HEAD(, command) commands; /* the first is under way */
	struct command_call *call;
};

/* Sends everything that waits for the client, unless bytes of before wait. */
void socket_send_waiting(struct socket *s);

/* Sends a CLOSE and waits for the client's. */
void socket_close_with(struct socket *s, int code);

/* Reads on after a command. */
void socket_read_on(struct socket *s);

/* What becomes of the messages of a client; its owner is the socket. */
extern const struct reader_handler SOCKET_COMMANDS;

/* Drops the commands that wait. One that is under way is carried out. */
void socket_forget_commands(struct socket *s);

#endif
