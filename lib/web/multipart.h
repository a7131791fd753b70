/* multipart: the file in a form (multipart/form-data, RFC 7578), read piece by
 * piece, and its fields. */
#ifndef CONFAB_WEB_MULTIPART_H
#define CONFAB_WEB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

struct multipart;

enum multipart_progress {
	MULTIPART_MORE,      /* more is to come */
	MULTIPART_DONE,      /* the form is complete; what follows is ignored */
	MULTIPART_MALFORMED, /* it is not a form */
	MULTIPART_STOPPED,   /* the callback stopped it */
};

/* NULL when the Content-Type is not that of a form. taken receives the content
 * of the first part with a file name, and may stop by returning false; NULL:
 * files are passed over. */
struct multipart *multipart_create(const char *content_type,
				   bool (*taken)(void *context,
						 const char *bytes, size_t len),
				   void *context);
void multipart_free(struct multipart *multipart);

/* Has each part without a file name given to field when it is complete. They
 * are kept until then, so the caller limits what it feeds. */
void multipart_take_fields(struct multipart *multipart,
			   void (*field)(void *context, const char *name,
					 const char *value, size_t len));

/* Takes the next bytes. Keeps at most the head of a part, or a field. */
enum multipart_progress multipart_feed(struct multipart *multipart,
				       const char *bytes, size_t len)
	__attribute__((warn_unused_result));

/* The file's name as sent, and its Content-Type. NULL until its head has come;
 * "" without a Content-Type. Owned by multipart. */
const char *multipart_name(struct multipart *multipart);
const char *multipart_type(struct multipart *multipart);

#endif
