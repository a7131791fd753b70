/* target: parsers of hostile bytes, each with the checks that hold for whatever
 * comes in. libfuzzer.c looks for input on which one fails (`make fuzz`);
 * tests/unit/replay_test.c runs what was found, and the corpora, without clang.
 */
#ifndef CONFAB_TESTS_FUZZ_TARGET_H
#define CONFAB_TESTS_FUZZ_TARGET_H

#include <stddef.h>

/* Each looks at len bytes, which nothing stands behind. */
void target_cursor(const char *bytes, size_t len);
void target_envelope(const char *bytes, size_t len);
void target_fastcgi(const char *bytes, size_t len);
void target_frames(const char *bytes, size_t len);
void target_handshake(const char *bytes, size_t len);
void target_jwt(const char *bytes, size_t len);
void target_multipart(const char *bytes, size_t len);
void target_query(const char *bytes, size_t len);
void target_richtext(const char *bytes, size_t len);
void target_utf8(const char *bytes, size_t len);
void target_uuid(const char *bytes, size_t len);

/* Of whoever runs the targets: ends the run of one. */
void target_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define CHECK(condition)                                                       \
	((condition) ? (void)0 : target_fail(__FILE__, __LINE__, #condition))

/* The bytes with a NUL behind them, in memory of just that size; free() it. */
char *target_text(const char *bytes, size_t len);

#endif
