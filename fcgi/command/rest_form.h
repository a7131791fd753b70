/* rest_form: the parameters of a request by plain HTTP as members of a JSON
 * object. Called by rest; owns nothing. */
#ifndef CONFAB_FCGI_COMMAND_REST_FORM_H
#define CONFAB_FCGI_COMMAND_REST_FORM_H

#include "base/buf.h"

/* The names of parameters, with NULL after the last; others are left out. */
enum {
	REST_NAMES = 6
};

/* Appends ,"name":"value" for each parameter of a query, or of a form's body.
 * NULL, or a sentence about what is wrong. */
const char *rest_form_read(struct buf *out, const char *text, size_t len,
			   const char *const names[REST_NAMES])
	__attribute__((warn_unused_result));

/* As rest_form_read(), for a form of this Content-Type: its fields in parts, or
 * as in a query. */
const char *rest_form_read_body(struct buf *out, const char *content_type,
				const char *text, size_t len,
				const char *const names[REST_NAMES])
	__attribute__((warn_unused_result));

/* As rest_form_read(), for the members of a JSON object of at most depth nested
 * values. */
const char *rest_form_read_json(struct buf *out, const char *text, size_t len,
				int depth, const char *const names[REST_NAMES])
	__attribute__((warn_unused_result));

#endif
