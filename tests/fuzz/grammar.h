/* grammar: what sanitised text may look like, read from richtext.h and told
 * apart from how it is made. */
#ifndef CONFAB_TESTS_FUZZ_GRAMMAR_H
#define CONFAB_TESTS_FUZZ_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with the text; NULL when it is in the grammar. */
const char *grammar_error(const char *text, size_t len, bool class_id);

#endif
