/* bail: uses _exit() rather than exit(), because other threads still run. */
#include "bail.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void bail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# cannot go on: ", stdout);
	vprintf(format, args);
	fputc('\n', stdout);
	va_end(args);
	fflush(stdout);
	_exit(2);
}
