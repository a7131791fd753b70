/* reader: a loop and a tail per thread, as in the delivering programs. Readers
 * share the cursors that they report, and keep old ones for a while. A reader
 * that continues from a wrong cursor exposes it. */
#include "reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "chance.h"
#include "database.h"
#include "event/loop.h"
#include "log/tail.h"

enum {
	LIFE = 2000,        /* ms at most */
	TURN = 5,           /* ms */
	REPORTED = 256,     /* cursors that are kept */
	HEAD_WINDOW = 5000, /* numbers below a head to look at */
	END_LIMIT = 30000,  /* ms to reach the end of the log */
};

struct reader {
	pthread_t thread;
	const char *conninfo;
	struct chance chance;
	struct loop *loop;
	struct tail *tail;
	PGconn *witness; /* reads the table at a head */
	bool resumed;
	struct life *life; /* the current one */
	struct life *lives;
	size_t n, cap;
	struct reader_counts counts;
};

static atomic_llong the_end;
static atomic_ullong holes; /* in lives that have ended */

/* The latest cursors reported by all readers. */
static struct {
	pthread_mutex_t lock;
	int64_t cursors[REPORTED]; /* a ring */
	unsigned n;
	const char *epoch; /* this and base are constant during a run */
	int64_t base;
} reported = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void report_cursor(int64_t cursor)
{
	pthread_mutex_lock(&reported.lock);
	reported.cursors[reported.n++ % REPORTED] = cursor;
	pthread_mutex_unlock(&reported.lock);
}

/* A cursor to continue from: mostly the newest, sometimes an older one. */
static int64_t choose_cursor(struct chance *chance)
{
	unsigned back =
		chance_percent(chance, 60) ? 0 : chance_below(chance, REPORTED);
	int64_t cursor;

	pthread_mutex_lock(&reported.lock);
	cursor = back < reported.n
			 ? reported.cursors[(reported.n - 1 - back) % REPORTED]
			 : reported.base;
	pthread_mutex_unlock(&reported.lock);
	return cursor;
}

/* The number of dispatches visible up to a head; -1 if the query failed. */
static int64_t count_visible(struct reader *reader, int64_t after, int64_t head)
{
	char from[24], to[24];
	const char *const params[] = { from, to };
	int64_t n = -1;
	PGresult *r;

	if (!reader->witness || PQstatus(reader->witness) != CONNECTION_OK) {
		PQfinish(reader->witness);
		reader->witness = database_connect(reader->conninfo, NULL);
	}
	snprintf(from, sizeof(from), "%lld", (long long)after);
	snprintf(to, sizeof(to), "%lld", (long long)head);
	r = PQexecParams(reader->witness,
			 "select count(*) from confab.log "
			 "where seq > $1::bigint and seq <= $2::bigint",
			 2, NULL, params, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return n;
}

/* Only a life that began at a head is told its start, and only once. */
static void on_start(void *context, const char *epoch, int64_t head)
{
	struct reader *reader = context;
	struct life *life = reader->life;

	if (life->start >= 0 || strcmp(epoch, reported.epoch) != 0) {
		reader->counts.moved++;
		printf("# a reader at %lld was moved to %lld\n",
		       (long long)life->cursor, (long long)head);
		return;
	}
	life->start = head;
	life->cursor = head;
	life->visible_after = head > HEAD_WINDOW ? head - HEAD_WINDOW : 0;
	if (life->visible_after < reported.base)
		life->visible_after = reported.base;
	life->visible = count_visible(reader, life->visible_after, head);
	report_cursor(head);
}

static void on_row(void *context, const struct tail_row *row)
{
	struct reader *reader = context;

	life_add(reader->life, row->seq, mark_find(row->payload));
}

static void on_batch(void *context, int64_t cursor)
{
	struct reader *reader = context;

	reader->life->cursor = cursor;
	report_cursor(cursor);
}

static void on_away(void *context, const char *why)
{
	(void)context;
	(void)why;
}

static void on_warn(void *context, const char *event, const char *detail)
{
	(void)context;
	if (!strcmp(event, "fence_waits"))
		printf("# %s %s\n", event, detail);
}

static const struct tail_handler HANDLER = {
	.start = on_start,
	.row = on_row,
	.batch = on_batch,
	.away = on_away,
	.warn = on_warn,
};

static void begin_life(struct reader *reader)
{
	if (reader->n == reader->cap) {
		reader->cap = reader->cap ? reader->cap * 2 : 64;
		reader->lives = xrealloc(reader->lives,
					 reader->cap * sizeof(*reader->lives));
	}
	reader->life = &reader->lives[reader->n++];
	*reader->life = (struct life){ .start = -1, .visible = -1 };
	reader->tail =
		tail_create(reader->loop, reader->conninfo, "confab_stream",
			    READER_APPLICATION, &HANDLER, reader);
	if (chance_percent(&reader->chance, 40))
		return;
	reader->life->start = choose_cursor(&reader->chance);
	reader->life->cursor = reader->life->start;
	tail_resume(reader->tail, reported.epoch, reader->life->start);
}

static void end_life(struct reader *reader)
{
	const struct tail_counts *counts = tail_counts(reader->tail);

	reader->counts.lives++;
	reader->counts.rows += counts->rows;
	reader->counts.holes += counts->holes;
	reader->counts.fences += counts->fences;
	atomic_fetch_add(&holes, counts->holes);
	tail_free(reader->tail);
	reader->tail = NULL;
}

static bool is_at_end(const struct reader *reader)
{
	int64_t end = atomic_load(&the_end);

	return end && reader->life->start >= 0 && reader->life->cursor >= end;
}

/* Runs one life. Returns whether it was the last, which reads to the end of the
 * log. */
static bool run_life(struct reader *reader)
{
	int64_t limit = loop_now(reader->loop) + 1 +
			chance_below(&reader->chance, LIFE);
	bool last = false;

	begin_life(reader);
	do {
		loop_turn(reader->loop, TURN);
		if (!last && atomic_load(&the_end)) {
			last = true;
			limit = loop_now(reader->loop) + END_LIMIT;
		}
	} while (loop_now(reader->loop) < limit && !is_at_end(reader));
	if (last && !is_at_end(reader))
		reader->counts.behind++;
	end_life(reader);
	return last;
}

static void *run_reader(void *context)
{
	struct reader *reader = context;

	reader->loop = loop_create();
	while (!run_life(reader))
		;
	loop_free(reader->loop);
	PQfinish(reader->witness);
	return NULL;
}

void reader_begin_all(const char *epoch, int64_t base)
{
	atomic_store(&the_end, 0);
	atomic_store(&holes, 0);
	reported.n = 0;
	reported.epoch = epoch;
	reported.base = base;
}

struct reader *reader_start(const char *conninfo, uint64_t seed, int number)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));

	reader->conninfo = conninfo;
	chance_seed(&reader->chance, seed, 2000 + (uint64_t)number);
	if (pthread_create(&reader->thread, NULL, run_reader, reader) != 0)
		abort();
	return reader;
}

uint64_t reader_holes(void)
{
	return atomic_load(&holes);
}

void reader_end_all(int64_t last)
{
	atomic_store(&the_end, last);
}

void reader_join(struct reader *reader, const struct ledger *ledger,
		 struct findings *findings, struct reader_counts *counts)
{
	pthread_join(reader->thread, NULL);
	for (size_t i = 0; i < reader->n; i++) {
		ledger_check(ledger, &reader->lives[i], findings);
		free(reader->lives[i].seen);
	}
	free(reader->lives);
	counts->lives += reader->counts.lives;
	counts->rows += reader->counts.rows;
	counts->holes += reader->counts.holes;
	counts->fences += reader->counts.fences;
	counts->moved += reader->counts.moved;
	counts->behind += reader->counts.behind;
	free(reader);
}
