/* uuid: 128-bit identifiers as PostgreSQL prints them. */
#ifndef CONFAB_BASE_UUID_H
#define CONFAB_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_LENGTH 36 /* characters, without NUL */

struct uuid {
	uint64_t hi, lo;
};

/* Reads the hyphenated form in either case. False if anything follows it. */
bool uuid_parse(struct uuid *out, const char *text);

#endif
