/* target: parsers of hostile bytes, each with checks that hold for any input.
 * libfuzzer.c looks for input that breaks one (`make fuzz`).
 * tests/unit/replay_test.c runs its finds and the corpora without clang. */
#ifndef CONFAB_TESTS_FUZZ_TARGET_H
#define CONFAB_TESTS_FUZZ_TARGET_H

#include <stddef.h>

/* Each runs on len bytes with nothing after them. */
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

/* Supplied by the program that runs the targets: ends one run. */
void target_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define CHECK(condition)                                                       \
	((condition) ? (void)0 : target_fail(__FILE__, __LINE__, #condition))

/* A copy of the bytes with a NUL after them, of exactly that size; free()
 * it. */
char *target_text(const char *bytes, size_t len);

#endif
