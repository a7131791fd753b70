/* form: what a stream's client is sent. Front ends that fetch each message by
 * plain HTTP want its id alone, and those written like a tutorial a small
 * object; both get the new messages of one-to-one chats and nothing else. */
#ifndef CONFAB_HUB_FORM_H
#define CONFAB_HUB_FORM_H

#include <stdbool.h>

#include "log/dispatch.h"

struct stream;

enum stream_form {
	FORM_FULL, /* every dispatch, as it is stored */
	FORM_ID,   /* {"message": id, "seq": n} */
	FORM_TALK, /* {"message": {id, sender, recipient, content,
		      timestamp}} */
};

/* Reads the form that a request asks for: FORM_ID with ?payload=id, FORM_FULL
 * without it. False for any other value. */
bool form_read(const char *query, enum stream_form *form);

/* The dispatch in the form of the stream, with a reference for the caller.
 * NULL: this stream does not get it. */
struct dispatch *form_dispatch(const struct stream *stream,
			       struct dispatch *dispatch)
	__attribute__((warn_unused_result));

#endif
