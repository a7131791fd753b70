/* A uuid that was read prints as the text it was read from, in either case. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/uuid.h"
#include "target.h"

void target_uuid(const char *bytes, size_t len)
{
	char *text = target_text(bytes, len);
	char printed[UUID_LENGTH + 1];
	struct uuid uuid;

	if (uuid_parse(&uuid, text)) {
		snprintf(printed, sizeof(printed),
			 "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64
			 "-%012" PRIx64,
			 uuid.hi >> 32, uuid.hi >> 16 & 0xffff,
			 uuid.hi & 0xffff, uuid.lo >> 48,
			 uuid.lo & UINT64_C(0xffffffffffff));
		CHECK(strcasecmp(printed, text) == 0);
	}
	free(text);
}
