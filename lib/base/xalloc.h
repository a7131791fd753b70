/* xalloc: allocation that never returns NULL. Without memory the process logs
 * one line and ends. Its supervisor starts a new one, and every client resumes
 * from its cursor. */
#ifndef CONFAB_BASE_XALLOC_H
#define CONFAB_BASE_XALLOC_H

#include <stddef.h>

/* Zeroed memory for n objects of the given size. Free with free(). */
void *xcalloc(size_t n, size_t size)
	__attribute__((malloc, warn_unused_result));

/* As realloc(3). */
void *xrealloc(void *old, size_t size) __attribute__((warn_unused_result));

/* As strdup(3); NULL stays NULL. */
char *xstrdup(const char *text) __attribute__((warn_unused_result));

#endif
