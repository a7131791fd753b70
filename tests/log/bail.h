/* bail: the test itself can't go on; nothing was shown, nothing refuted. */
#ifndef CONFAB_TESTS_LOG_BAIL_H
#define CONFAB_TESTS_LOG_BAIL_H

/* Prints the reason and ends the process, whichever thread calls. */
void bail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
