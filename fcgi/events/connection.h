/* connection: one FastCGI connection to confab-events: a request with an
 * immediate answer, an SSE stream, or a long-poll. Non-blocking throughout. */
#ifndef CONFAB_FCGI_EVENTS_CONNECTION_H
#define CONFAB_FCGI_EVENTS_CONNECTION_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/config.h"
#include "event/loop.h"
#include "hub/hub.h"
#include "web/head.h"
#include "web/request_id.h"

struct connection;
LIST_HEAD(connection_list, connection);

/* Shared by all connections of the program. */
struct connections {
	struct loop *loop;
	const struct config *config;
	struct hub *hub;
	int wait_most;         /* s that a poll waits */
	bool takes_no_streams; /* polls alone: every place is taken */
	struct request_ids ids;
	struct connection_list all;
	unsigned count;
	struct buf content, wire; /* scratch, empty between uses */
};

enum connection_state {
	CONNECTION_READING,   /* the request is arriving */
	CONNECTION_OPENING,   /* the hub is opening the stream */
	CONNECTION_OPEN,      /* an SSE stream, or a waiting poll */
	CONNECTION_FINISHING, /* the last bytes are being written */
};

/* The behaviour of a kind of stream; see sse.c and poll.c. */
struct connection_kind {
	const char *path; /* the last part of its URL */
	enum transport_kind transport;
	/* What is wrong with the request; NULL: nothing. NULL itself where
	 * there is nothing to check. */
	const char *(*check)(struct connection *c);
	void (*opened)(struct connection *c);
	void (*wake)(struct connection *c);
	void (*timer)(struct connection *c);
	/* The hub ends the stream: say goodbye and call connection_finish(). */
	void (*end)(struct connection *c, enum stream_end why);
};

struct connection {
	struct stream stream;
	struct connections *connections;
	const struct connection_kind *kind;
	enum connection_state state;
	unsigned id; /* FastCGI request */
	char request_id[REQUEST_ID_SIZE];
	bool params_end; /* the request is complete */
	struct watch watch;
	struct timer timer;
	unsigned beat;    /* writes of the present heartbeat, of SSE */
	int64_t progress; /* loop_now() when bytes last went out */
	struct buf in, params, out;
	LIST_ENTRY(connection) of_all;
};

extern const struct connection_kind CONNECTION_SSE, CONNECTION_POLL;

/* Takes over an accepted, non-blocking connection. */
void connection_accept(struct connections *all, int fd);

/* Writes response bytes as FastCGI. Keeps the part that does not fit. */
void connection_write(struct connection *c, const struct buf *content);

/* Writes the head of a response, with the request's id and then a first part of
 * its body. */
void connection_start(struct connection *c, struct head head, const char *first,
		      size_t len);

/* Writes a whole response and ends it. */
void connection_respond(struct connection *c, int status, const char *type,
			const struct buf *body);

/* As connection_respond(), with an error; detail as for error_body(). */
void connection_fail(struct connection *c, enum confab_error error,
		     const char *detail);

/* Ends the response. The connection closes when everything is written. */
void connection_finish(struct connection *c);

/* Closes every connection at once. */
void connection_close_all(struct connections *all);

/* A parameter of the request, or NULL. Invalid once the stream is open. */
const char *connection_param(void *c, const char *name);

/* Answers /healthz, /readyz and /metrics. False for other names. */
bool connection_report(struct connection *c, const char *name);

#endif
