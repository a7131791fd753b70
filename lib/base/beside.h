/* beside: files that belong to the running program: of its installation or, in
 * a build folder, of the source tree. They are found from the program's own
 * path, so an installation can be moved and staged. */
#ifndef CONFAB_BASE_BESIDE_H
#define CONFAB_BASE_BESIDE_H

#include <stdbool.h>

enum {
	BESIDE_SIZE = 4096 /* bytes of a path */
};

/* Finds a file: installed, below the prefix of this program, or in a build, as
 * seen from build/. built may be NULL. out has BESIDE_SIZE bytes. False when
 * there is neither. */
bool beside_find(char *out, const char *installed, const char *built);

/* Finds a program in the folder of this one; out as above. */
bool beside_find_program(char *out, const char *name);

#endif
