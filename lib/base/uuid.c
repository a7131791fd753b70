/* uuid: see uuid.h. Stateless. */
#include "base/uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool well_formed(const char *text)
{
	for (int i = 0; i < UUID_LENGTH; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[UUID_LENGTH] == '\0';
}

static uint64_t digit(char c)
{
	return (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

bool uuid_parse(struct uuid *out, const char *text)
{
	uint64_t half[2] = { 0, 0 };
	int n = 0;

	if (!well_formed(text))
		return false;
	for (; *text; text++)
		if (*text != '-') {
			half[n / 16] = half[n / 16] << 4 | digit(*text);
			n++;
		}
	*out = (struct uuid){ .hi = half[0], .lo = half[1] };
	return true;
}
