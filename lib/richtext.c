/* richtext: see richtext.h. Stateless. */
#include "richtext.h"

#include <string.h>

void richtext_escape(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '&':
			buf_add_text(out, "&amp;");
			break;
		case '<':
			buf_add_text(out, "&lt;");
			break;
		case '>':
			buf_add_text(out, "&gt;");
			break;
		default:
			buf_add(out, text + i, 1);
		}
}

void richtext_clean(struct buf *out, const char *text, size_t len,
		    bool keep_class_id)
{
	(void)keep_class_id;
	richtext_escape(out, text, len);
}
