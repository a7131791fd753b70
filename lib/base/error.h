/* error: the protocol's error codes, their HTTP status and their sentences, in
 * one table. SQLSTATEs become protocol errors here and nowhere else. */
#ifndef CONFAB_BASE_ERROR_H
#define CONFAB_BASE_ERROR_H

#include "base/buf.h"

enum confab_error {
	ERROR_NONE,
	ERROR_UNAUTHENTICATED, /* 4001 */
	ERROR_DENIED,          /* 4002 */
	ERROR_INVALID,         /* 4003 */
	ERROR_NOT_FOUND,       /* 4004 */
	ERROR_CONFLICT,        /* 4005 */
	ERROR_INTERNAL,        /* 4006 */
	ERROR_TOO_LARGE,       /* 4013 */
	ERROR_RATE,            /* 4029 */
	ERROR_UNAVAILABLE,     /* 4053 */
	ERROR_EVENT_TYPE,      /* no code: {"error":"invalid event type"} */
};

struct error_info {
	int code; /* the protocol's */
	int http_status;
	int retry_after;    /* seconds for Retry-After, 0 for none */
	const char *detail; /* the sentence when nothing better is known */
};

/* The table's row; never NULL. */
const struct error_info *error_info(enum confab_error error);

/* The row with this protocol code (4001...), ERROR_INTERNAL when unknown. */
enum confab_error error_from_code(int code);

/* What a failed statement means to the caller (see docs/protocol.md). */
enum confab_error error_from_sqlstate(const char *sqlstate);

/* An error as a client is told of it. */
struct error_answer {
	enum confab_error error;
	int http_status;
	int retry_after;  /* seconds for Retry-After, 0 for none */
	const char *body; /* made already; NULL: as error_body() makes it */
};

/* The answer for an error with the table's sentence, or with a body that was
 * made elsewhere. The detail of a 4029 is a number of seconds: Retry-After
 * says the same. */
struct error_answer error_answer(enum confab_error error, const char *body);

/* The answer for a failed statement. The DETAIL of an error that confab.fail()
 * raised is the body, and detail has to live as long as the answer. sqlstate
 * NULL: the database could not be asked. */
struct error_answer error_answer_statement(const char *sqlstate,
					   const char *detail);

/* Appends {"error":{"code":N,"detail":<detail>}}. detail is plain text (valid
 * UTF-8); NULL takes the table's. ERROR_INVALID wraps it in a list of one. */
void error_body(struct buf *out, enum confab_error error, const char *detail);

/* The same for one field: {"error":{"code":4003,"detail":{field:[sentence]}}}.
 */
void error_field_body(struct buf *out, const char *field, const char *sentence);

#endif
