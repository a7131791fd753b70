/* version: the version of this confab (the file VERSION), and how two versions
 * compare. */
#ifndef CONFAB_BASE_VERSION_H
#define CONFAB_BASE_VERSION_H

/* "1.2.3". */
const char *version_text(void) __attribute__((const));

/* Negative, 0 or positive: a is older than b, the same, or newer. A version is
 * numbers with dots between them. NULL, or anything else, is the oldest. */
int version_compare(const char *a, const char *b);

#endif
