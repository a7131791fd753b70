/* grammar: checks sanitised text against the grammar of sanitise.h,
 * independently of the code that writes it. */
#ifndef CONFAB_TESTS_FUZZ_GRAMMAR_H
#define CONFAB_TESTS_FUZZ_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* The text's first fault; NULL when it is in the grammar. */
const char *grammar_error(const char *text, size_t len, bool class_id);

#endif
