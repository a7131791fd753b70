/* logger: one line per event on stderr. Called by every program; owns the
 * program's name and level, set once at start. A line is one write(2), so lines
 * of several processes that share stderr do not mix. */
#include "base/logger.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_SIZE = 2048
};

static const char *logger_program = "confab";
static enum logger_level logger_limit = LEVEL_INFO;

void logger_open(const char *program, enum logger_level level)
{
	logger_program = program;
	logger_limit = level;
}

/* Prints time, level, program and event to line. Returns the length. */
static size_t print_head(char *line, enum logger_level level, const char *event)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	struct timespec now;
	struct tm tm;
	size_t at;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	at = strftime(line, LINE_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	at += (size_t)snprintf(
		line + at, LINE_SIZE - at, ".%03ldZ %s %.64s %.64s ",
		now.tv_nsec / 1000000L, names[level], logger_program, event);
	return at;
}

void logger(enum logger_level level, const char *event, const char *format, ...)
{
	char line[LINE_SIZE];
	size_t at, i;
	va_list args;
	int len;

	if (level > logger_limit)
		return;
	at = print_head(line, level, event);
	va_start(args, format);
	len = vsnprintf(line + at, sizeof(line) - at - 1, format, args);
	va_end(args);
	if (len > 0)
		at += strlen(line + at);
	for (i = 0; i < at; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[at++] = '\n';
	/* A failure to write the log can't be reported anywhere. */
	if (write(STDERR_FILENO, line, at) < 0)
		return;
}
