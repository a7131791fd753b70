/* container: from a member to the struct that it is embedded in. */
#ifndef CONFAB_BASE_CONTAINER_H
#define CONFAB_BASE_CONTAINER_H

#include <stddef.h>

/* The struct type whose member is at pointer. */
#define container_of(pointer, type, member)                                    \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
