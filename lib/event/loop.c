/* loop: epoll, and a binary heap of timers with one timerfd. An outer loop can
 * therefore watch the epoll descriptor alone. One thread owns a loop. A
 * callback may change any watch or timer, also one that is due in the same
 * round. */
#include "event/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum {
	BATCH = 256
};

struct loop {
	int epoll;
	int64_t now;
	struct watch alarm;  /* the timerfd */
	int64_t alarm_at;    /* its present setting; 0: off */
	struct timer **heap; /* heap[1] is the next to fire */
	size_t timers, cap;
	struct epoll_event batch[BATCH];
	int batch_len, batch_next;
};

static void die_of_errno(const char *what)
{
	perror(what);
	abort();
}

/* The alarm only wakes the loop: loop_turn() looks at the heap anyway. */
static void alarm_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
}

struct loop *loop_create(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	int fd;

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->epoll < 0 || fd < 0)
		die_of_errno("epoll");
	loop->now = clock_ms();
	loop->alarm.ready = alarm_ready;
	loop_watch(loop, &loop->alarm, fd, EPOLLIN);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->alarm.fd);
	close(loop->epoll);
	free(loop->heap);
	free(loop);
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll;
}

int64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int change = watch->active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	watch->fd = fd;
	watch->active = true;
	if (epoll_ctl(loop->epoll, change, fd, &event) < 0)
		die_of_errno("epoll_ctl");
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	if (!watch->active)
		return;
	watch->active = false;
	/* The library that owns the descriptor may have closed it already. */
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = loop->batch_next; i < loop->batch_len; i++)
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
}

static void heap_put(struct loop *loop, size_t place, struct timer *timer)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void heap_up(struct loop *loop, size_t place)
{
	struct timer *timer = loop->heap[place];

	for (; place > 1 && loop->heap[place / 2]->at > timer->at; place /= 2)
		heap_put(loop, place, loop->heap[place / 2]);
	heap_put(loop, place, timer);
}

static void heap_down(struct loop *loop, size_t place)
{
	struct timer *timer = loop->heap[place];
	size_t child;

	while ((child = place * 2) <= loop->timers) {
		if (child < loop->timers &&
		    loop->heap[child + 1]->at < loop->heap[child]->at)
			child++;
		if (loop->heap[child]->at >= timer->at)
			break;
		heap_put(loop, place, loop->heap[child]);
		place = child;
	}
	heap_put(loop, place, timer);
}

/* Sets the timerfd to the earliest timer. It may fire early, never late. */
static void set_alarm(struct loop *loop)
{
	struct itimerspec spec = { 0 };
	int64_t at = loop->timers ? loop->heap[1]->at : 0;

	if (at == loop->alarm_at)
		return;
	loop->alarm_at = at;
	spec.it_value.tv_sec = at / 1000;
	spec.it_value.tv_nsec = at % 1000 * 1000000;
	timerfd_settime(loop->alarm.fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void loop_arm(struct loop *loop, struct timer *timer, int64_t delay)
{
	/* Not loop->now: a long callback would make its timers fire early. */
	timer->at = clock_ms() + (delay > 0 ? delay : 0);
	if (!timer->place) {
		if (loop->timers + 1 >= loop->cap) {
			loop->cap = loop->cap ? loop->cap * 2 : 64;
			loop->heap = xrealloc(loop->heap,
					      loop->cap * sizeof(*loop->heap));
		}
		heap_put(loop, ++loop->timers, timer);
	}
	heap_up(loop, timer->place);
	heap_down(loop, timer->place);
	set_alarm(loop);
}

void loop_disarm(struct loop *loop, struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (!place)
		return;
	timer->place = 0;
	last = loop->heap[loop->timers--];
	if (last == timer)
		return;
	heap_put(loop, place, last);
	heap_up(loop, place);
	heap_down(loop, last->place);
}

static void fire_timers(struct loop *loop)
{
	while (loop->timers && loop->heap[1]->at <= loop->now) {
		struct timer *timer = loop->heap[1];

		loop_disarm(loop, timer);
		timer->fire(timer);
	}
	/* A timerfd that has fired stays readable until it is set again. */
	if (loop->alarm_at && loop->alarm_at <= loop->now)
		loop->alarm_at = -1;
	set_alarm(loop);
}

void loop_turn(struct loop *loop, int timeout)
{
	int n = epoll_wait(loop->epoll, loop->batch, BATCH, timeout);

	if (n < 0 && errno != EINTR)
		die_of_errno("epoll_wait");
	loop->now = clock_ms();
	loop->batch_len = n > 0 ? n : 0;
	for (loop->batch_next = 0; loop->batch_next < loop->batch_len;) {
		struct epoll_event *e = &loop->batch[loop->batch_next++];
		struct watch *watch = e->data.ptr;

		if (watch)
			watch->ready(watch, e->events);
	}
	loop->batch_len = 0;
	fire_timers(loop);
}
