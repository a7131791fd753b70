/* uuid: see uuid.h. Stateless. */
#include "base/uuid.h"

#include "base/hex.h"

static bool is_hyphen_at(int i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(struct uuid *out, const char *text)
{
	uint64_t half[2] = { 0, 0 };
	int n = 0;

	for (int i = 0; i < UUID_LENGTH; i++) {
		int digit = hex_digit(text[i]);

		if (is_hyphen_at(i) ? text[i] != '-' : digit < 0)
			return false;
		if (is_hyphen_at(i))
			continue;
		half[n / 16] = half[n / 16] << 4 | (unsigned)digit;
		n++;
	}
	if (text[UUID_LENGTH] != '\0')
		return false;
	*out = (struct uuid){ .hi = half[0], .lo = half[1] };
	return true;
}
