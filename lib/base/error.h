/* error: the protocol's error codes, their HTTP status and their sentences, in
 * one table. Only this module maps an SQLSTATE to a protocol error. */
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
	int code; /* the protocol's code */
	int http_status;
	int retry_after;    /* seconds for Retry-After, 0 for none */
	const char *detail; /* the default sentence */
};

/* The table's row; never NULL. */
const struct error_info *error_info(enum confab_error error);

/* The error that a failed statement means to the client (docs/protocol.md). */
enum confab_error error_from_sqlstate(const char *sqlstate);

/* An error in the form that a client receives. */
struct error_answer {
	enum confab_error error;
	int http_status;
	int retry_after;  /* seconds for Retry-After, 0 for none */
	const char *body; /* NULL: error_body() makes it */
};

/* The answer for an error. body NULL means the table's sentence. For a 4029 the
 * body's detail is a number of seconds, and Retry-After repeats it. */
struct error_answer error_answer(enum confab_error error, const char *body);

/* The answer for a failed statement. When confab.fail() raised the error,
 * detail (its DETAIL) is the body and must outlive the answer. sqlstate NULL:
 * the database could not be reached. */
struct error_answer error_answer_statement(const char *sqlstate,
					   const char *detail);

/* Appends {"error":{"code":N,"detail":<detail>}}. detail is plain text in valid
 * UTF-8; NULL means the table's sentence. ERROR_INVALID wraps detail in a list
 * of one. */
void error_body(struct buf *out, enum confab_error error, const char *detail);

/* Appends the error of one field:
 * {"error":{"code":4003,"detail":{field:[sentence]}}}. */
void error_field_body(struct buf *out, const char *field, const char *sentence);

#endif
