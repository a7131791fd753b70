/* cursor: the place of a stream in the log: "<epoch>:<seq>". */
#ifndef CONFAB_LOG_CURSOR_H
#define CONFAB_LOG_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CURSOR_EPOCH = 32,
	CURSOR_TEXT = CURSOR_EPOCH + 24
};

struct cursor {
	char epoch[CURSOR_EPOCH + 1]; /* "": no epoch was given */
	int64_t seq;
};

/* Reads "[<epoch>:]<seq>": epoch 1-32 of A-Z a-z 0-9 _ -, seq below 2^53. */
bool cursor_parse(struct cursor *out, const char *text);

/* Prints to text and returns it. */
const char *cursor_print(char text[CURSOR_TEXT], const char *epoch,
			 int64_t seq);

#endif
