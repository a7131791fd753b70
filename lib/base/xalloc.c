/* xalloc: allocation that never returns NULL. Called everywhere; owns nothing.
 * A process without memory has nothing useful left to do: it logs one line and
 * ends. Its supervisor and its clients survive that. */
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/logger.h"

static _Noreturn void out_of_memory(size_t n, size_t size)
{
	logger(LEVEL_ERROR, "memory", "objects=%zu size=%zu", n, size);
	_exit(EXIT_FAILURE);
}

void *xcalloc(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size ? size : 1);

	if (!memory)
		out_of_memory(n, size);
	return memory;
}

void *xrealloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		out_of_memory(1, size);
	return memory;
}

char *xstrdup(const char *text)
{
	char *copy;

	if (!text)
		return NULL;
	copy = strdup(text);
	if (!copy)
		out_of_memory(1, strlen(text) + 1);
	return copy;
}
