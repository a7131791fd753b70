/* loop: one epoll loop with timers, for the programs that hold thousands of
 * connections. Another loop can drive it by watching its descriptor. Single
 * threaded. */
#ifndef CONFAB_EVENT_LOOP_H
#define CONFAB_EVENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* A descriptor being watched. Embed it; zero it before first use. */
struct watch {
	/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR ... The callback may
	 * unwatch and free this or any other watch. */
	void (*ready)(struct watch *watch, uint32_t events);
	int fd;
	bool active;
};

/* A timer. Embed it; zero it before first use. */
struct timer {
	void (*fire)(struct timer *timer);
	int64_t at;   /* loop_now() milliseconds */
	size_t place; /* index in the heap, from 1; 0: not armed */
};

struct loop *loop_create(void) __attribute__((warn_unused_result));
void loop_free(struct loop *loop);

/* The epoll descriptor. It is readable when loop_turn() has work to do. */
int loop_fd(const struct loop *loop);

/* Monotonic milliseconds at the start of this round. */
int64_t loop_now(const struct loop *loop);

/* Watches fd (level-triggered), or changes the events of a watch. */
void loop_watch(struct loop *loop, struct watch *watch, int fd,
		uint32_t events);
/* Stops watching; does nothing when the watch is not active. Call before
 * closing the descriptor. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Arms (or moves) a timer to fire once, delay milliseconds from now. */
void loop_arm(struct loop *loop, struct timer *timer, int64_t delay);
void loop_disarm(struct loop *loop, struct timer *timer);

/* One round: waits up to timeout ms (-1: for ever) and calls what is ready. */
void loop_turn(struct loop *loop, int timeout);

#endif
