/* request_id: see request_id.h. Owns nothing. */
#include "web/request_id.h"

#include <stdio.h>

#include "base/crypto.h"

void request_ids_begin(struct request_ids *ids)
{
	char random[33];

	secret_id(random);
	snprintf(ids->process, sizeof(ids->process), "%.20s", random);
	ids->count = 0;
}

void request_ids_next(struct request_ids *ids, char out[REQUEST_ID_SIZE])
{
	snprintf(out, REQUEST_ID_SIZE, "%s-%u", ids->process, ++ids->count);
}
