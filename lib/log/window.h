/* window: the newest dispatches of the log, in memory, bounded in bytes. It
 * serves streams that lag a little. */
#ifndef CONFAB_LOG_WINDOW_H
#define CONFAB_LOG_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/dispatch.h"

struct window;

/* limit: bytes. position: everything up to it is outside the window. */
struct window *window_create(size_t limit) __attribute__((malloc));
void window_free(struct window *window);

/* Empties it: nothing above position is in the log yet. */
void window_reset(struct window *window, int64_t position);

/* Drops what it holds up to position. */
void window_drop(struct window *window, int64_t position);

/* Adds the next dispatch and takes a reference. Drops the oldest beyond the
 * limit. */
void window_add(struct window *window, struct dispatch *dispatch);

/* Extends it downwards by the next row below: its dispatch, with a new
 * reference, or NULL for a row without one. False when there is no room. */
bool window_add_before(struct window *window, int64_t seq,
		       struct dispatch *dispatch)
	__attribute__((warn_unused_result));

/* Bytes of its dispatches. */
size_t window_bytes(const struct window *window);

/* It holds everything above this seq. */
int64_t window_floor(const struct window *window);

/* Index of the first dispatch above seq, for window_at(). */
size_t window_after(const struct window *window, int64_t seq);
size_t window_count(const struct window *window);
struct dispatch *window_at(const struct window *window, size_t i);

#endif
