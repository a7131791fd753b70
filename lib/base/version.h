/* version: which confab this is (the file VERSION), and which is newer. */
#ifndef CONFAB_BASE_VERSION_H
#define CONFAB_BASE_VERSION_H

/* "1.2.3". */
const char *version_text(void) __attribute__((const));

/* Below, at or above 0 as a is older than b, the same, or newer. Versions are
 * numbers with dots between them; one that is NULL or no version is the
 * oldest. */
int version_compare(const char *a, const char *b);

#endif
