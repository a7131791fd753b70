/* bail: ends a test that can't go on, with neither success nor failure. */
#ifndef CONFAB_TESTS_LOG_BAIL_H
#define CONFAB_TESTS_LOG_BAIL_H

/* Prints the reason and ends the process. Any thread may call it. */
void bail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
