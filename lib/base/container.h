/* container: the struct that a member is embedded in. */
#ifndef CONFAB_BASE_CONTAINER_H
#define CONFAB_BASE_CONTAINER_H

#include <stddef.h>

/* Pointer to the struct of this type whose member is at pointer. */
#define container_of(pointer, type, member)                                    \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
