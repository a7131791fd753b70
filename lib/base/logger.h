/* logger: one line per event on stderr: time, level, program, event, key=value
 * pairs. Never log tokens or the content of messages. */
#ifndef CONFAB_BASE_LOGGER_H
#define CONFAB_BASE_LOGGER_H

enum logger_level {
	LEVEL_ERROR,
	LEVEL_WARN,
	LEVEL_INFO,
	LEVEL_DEBUG
};

/* program must stay valid while the process uses the logger. */
void logger_open(const char *program, enum logger_level level);

/* Writes "2026-01-31T10:20:30.123Z info confab-events start pid=42 ...". The
 * caller formats key=value pairs; control characters become '?'. */
void logger(enum logger_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
