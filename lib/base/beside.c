/* beside: see beside.h. Owns nothing. */
#include "base/beside.h"

#include <stdio.h>
#include <unistd.h>

enum {
	ROOM = 64 /* bytes for the name of a file below the prefix */
};

bool beside_find(char *out, const char *installed, const char *built)
{
	const char *const places[] = { installed, built };
	ssize_t n = readlink("/proc/self/exe", out, BESIDE_SIZE - ROOM);

	/* Up from bin/confab, or release/confab. */
	for (int up = 0; n > 0 && up < 2; up++)
		while (n > 0 && out[--n] != '/')
			;
	for (int i = 0; n >= 0 && i < 2; i++) {
		if (!places[i])
			continue;
		snprintf(out + n, ROOM, "/%s", places[i]);
		if (access(out, R_OK) == 0)
			return true;
	}
	return false;
}

bool beside_find_program(char *out, const char *name)
{
	ssize_t n = readlink("/proc/self/exe", out, BESIDE_SIZE - ROOM);

	while (n > 0 && out[--n] != '/')
		;
	if (n < 0)
		return false;
	snprintf(out + n, ROOM, "/%s", name);
	return access(out, X_OK) == 0;
}
