/* stream: one open delivery channel of one user, over any transport. The
 * transport embeds it, asks the hub to open it, is woken when the queue has
 * dispatches, and takes them from it. */
#ifndef CONFAB_HUB_STREAM_H
#define CONFAB_HUB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/uuid.h"
#include "hub/form.h"
#include "hub/transport.h"
#include "log/dispatch.h"

struct hub;
struct stream;
struct opening;
struct roster_account;

enum stream_state {
	STREAM_CLOSED,    /* not known to the hub */
	STREAM_OPENING,   /* the database identifies the caller */
	STREAM_REPLAYING, /* catching up from its cursor */
	STREAM_BLOCKED,   /* catching up, but the queue has to empty first */
	STREAM_LIVE,      /* gets every row that the tail reads */
	STREAM_ENDING,    /* the hub is about to close it */
	STREAM_STATES
};

/* The reason why the hub ends a stream: the protocol's close codes. */
enum stream_end {
	END_UNAUTHENTICATED = 4001,
	END_SLOW = 4008,
	END_RESTART = 1012,
	END_OVERLOAD = 1013,
};

struct stream_ops {
	/* The stream is open. Its first frames wait (wake follows). */
	void (*opened)(struct stream *stream);
	/* The stream could not be opened and is closed. body: the error as
	 * JSON. */
	void (*refused)(struct stream *stream, enum confab_error error,
			const char *body);
	/* Something waits in the queue, or the stream has caught up. */
	void (*wake)(struct stream *stream);
	/* The hub has closed the stream; nothing more will come. */
	void (*end)(struct stream *stream, enum stream_end why);
};

TAILQ_HEAD(stream_list, stream);

/* The streams of a hub by state, and those to be woken. A closed stream is on
 * no list; the opener has the one that is being opened. */
struct stream_lists {
	struct stream_list of[STREAM_STATES];
	struct stream_list due;
};

struct stream {
	const struct stream_ops *ops;
	struct hub *hub;            /* NULL when closed */
	struct stream_lists *lists; /* the hub's */
	enum stream_state state;    /* changed only by stream_set_state() */
	enum stream_end ending;     /* reason, in STREAM_ENDING */
	const struct transport *transport;
	enum stream_form form;
	int64_t peer; /* of FORM_TALK: the account that the messages are
			 exchanged with; 0: anybody */
	struct opening *opening; /* while it is being opened */
	struct roster_account *account;
	int64_t login;
	char login_key[65]; /* see identity_from_bridge() */
	int64_t position;   /* every dispatch up to it was queued or passed over
			     */
	char session[UUID_LENGTH + 1];
	bool is_due; /* on the list of those to be woken */
	uint32_t first, count, cap;
	size_t bytes; /* bytes in the queue */
	struct dispatch **queue;
	LIST_ENTRY(stream) of_account;
	TAILQ_ENTRY(stream) of_state, of_due;
};

void stream_lists_init(struct stream_lists *lists);

/* Moves the stream from the list of its old state to that of the new one. Ends
 * the process for an impossible change. */
void stream_set_state(struct stream *stream, enum stream_state state);

/* Adds it to the list of streams to be woken, or removes it. */
void stream_set_due(struct stream *stream);
void stream_clear_due(struct stream *stream);

/* Queues a dispatch and takes a reference. */
void stream_push(struct stream *stream, struct dispatch *dispatch);

/* The next to send, or NULL. It stays queued. */
struct dispatch *stream_peek(const struct stream *stream);
/* Takes the next off the queue. The caller owns the reference. */
struct dispatch *stream_take(struct stream *stream);

/* The dispatch at place i of the queue, counted from the next. */
struct dispatch *stream_at(const struct stream *stream, uint32_t i);
/* Drops the dispatches of the log after the first n. */
void stream_cut(struct stream *stream, uint32_t n);

void stream_empty(struct stream *stream);

#endif
