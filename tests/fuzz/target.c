/* target: see target.h. */
#include "target.h"

#include <string.h>

#include "base/xalloc.h"

char *target_text(const char *bytes, size_t len)
{
	char *text = xcalloc(len + 1, 1);

	if (len)
		memcpy(text, bytes, len);
	return text;
}
