/* writer: writes to the log. A habit is one transaction from its begin to its
 * end; the load decides how often each is chosen.
 *
 * The ledger must never claim more than the writer knows. A dispatch is "not
 * committed" until its commit is sent, then "unknown", and "committed" only
 * when the answer says so. The connection may break at any moment, so each
 * habit gives up at the first unexpected answer, and the fate noted so far
 * stands. */
#include "writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bail.h"
#include "base/xalloc.h"
#include "chance.h"
#include "database.h"

enum {
	ROOMS = 40,         /* as in torture.sql */
	HOLD = 6,           /* ms, the longest delay of a slow one */
	RING_INTERVAL = 3,  /* ms, shared by all writers */
	CONNECT_PAUSE = 30, /* ms at most between attempts */
	MOOD = 100,         /* transactions at most before the mood changes */
	MOST = 4,           /* dispatches of one transaction */
};

struct writer {
	pthread_t thread;
	const char *conninfo;
	enum load load;
	struct ledger *ledger;
	int number;
	struct chance chance;
	PGconn *conn;
	int mood;   /* transactions until it changes */
	bool haste; /* the present mood: no delays */
	/* The transaction's dispatches. */
	struct mark marks[MOST];
	int64_t seqs[MOST];
	int n;
};

static atomic_bool ended;
static atomic_llong last_ring;

static const struct {
	const char *name, *text;
} STATEMENTS[] = {
	{ "send", "select torture.send($1::int, $2::text)" },
	{ "draw", "select confab.log_draw()" },
	{ "write", "select torture.write($1::bigint, $2::int, $3::text)" },
	{ "post",
	  "select torture.write(confab.log_draw(), $1::int, $2::text)" },
	{ "swallow", "select torture.swallow($1::int, $2::text, $3::text)" },
	{ "ring", "select confab.ring()" },
};

static bool is_broken(const struct writer *w)
{
	return PQstatus(w->conn) != CONNECTION_OK;
}

static void hang_up(struct writer *w)
{
	PQfinish(w->conn);
	w->conn = NULL;
}

/* A statement fails when the connection fails; libpq may not have noticed
 * everything yet. A statement that the server refuses is a fault of the
 * test. */
static void give_up(struct writer *w, const PGresult *r, const char *what)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (state && strncmp(state, "57P", 3) != 0)
		bail("writer %d: %s: %s", w->number, what,
		     PQresultErrorMessage(r));
	hang_up(w);
}

static bool run_command(struct writer *w, const char *text)
{
	PGresult *r = PQexec(w->conn, text);
	bool done = PQresultStatus(r) == PGRES_COMMAND_OK;

	if (!done)
		give_up(w, r, text);
	PQclear(r);
	return done;
}

/* Runs a prepared statement. Returns the number in its answer, or 0. */
static int64_t run_prepared(struct writer *w, const char *name, int n,
			    const char *const *params)
{
	PGresult *r = PQexecPrepared(w->conn, name, n, params, NULL, NULL, 0);
	bool done = PQresultStatus(r) == PGRES_TUPLES_OK;
	int64_t seq = done ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;

	if (!done)
		give_up(w, r, name);
	PQclear(r);
	return seq;
}

/* Adds a dispatch to this transaction. */
static int add_dispatch(struct writer *w, char text[MARK_TEXT])
{
	int i = w->n++;

	w->marks[i] = ledger_add(w->ledger, w->number);
	w->seqs[i] = 0;
	mark_text(w->marks[i], text);
	return i;
}

static void decide_fate(struct writer *w, enum fate fate)
{
	for (int i = 0; i < w->n; i++)
		ledger_decide(w->ledger, w->marks[i], w->seqs[i], fate);
}

static void room_text(struct writer *w, char text[12])
{
	snprintf(text, 12, "%u", chance_below(&w->chance, ROOMS));
}

static int64_t draw_number(struct writer *w)
{
	return run_prepared(w, "draw", 0, NULL);
}

/* Writes a dispatch under a number drawn earlier. */
static bool write_as(struct writer *w, int64_t seq)
{
	char text[MARK_TEXT], room[12], number[24];
	const char *const params[] = { number, room, text };
	int i = add_dispatch(w, text);

	room_text(w, room);
	snprintf(number, sizeof(number), "%lld", (long long)seq);
	w->seqs[i] = seq;
	return run_prepared(w, "write", 3, params) == seq;
}

/* Draws and writes in one statement. */
static bool post_dispatch(struct writer *w, const char *statement)
{
	char text[MARK_TEXT], room[12];
	const char *const params[] = { room, text };
	int i = add_dispatch(w, text);

	room_text(w, room);
	w->seqs[i] = run_prepared(w, statement, 2, params);
	return w->seqs[i] != 0;
}

static void pause_if_slow(struct writer *w)
{
	if (!w->haste)
		chance_pause(&w->chance, HOLD);
}

/* Commits, and notes the fate of the dispatches. */
static void commit_transaction(struct writer *w)
{
	PGresult *r;

	decide_fate(w, FATE_UNKNOWN);
	r = PQexec(w->conn, "commit");
	if (PQresultStatus(r) == PGRES_COMMAND_OK)
		decide_fate(w, strcmp(PQcmdStatus(r), "COMMIT") != 0
				       ? FATE_NOT_COMMITTED
				       : FATE_COMMITTED);
	else
		give_up(w, r, "commit");
	PQclear(r);
}

/* Sends a message in a statement that is its own transaction. */
static void send_message(struct writer *w)
{
	char text[MARK_TEXT], room[12];
	const char *const params[] = { room, text };
	int i = add_dispatch(w, text);

	room_text(w, room);
	decide_fate(w, FATE_UNKNOWN);
	w->seqs[i] = run_prepared(w, "send", 2, params);
	if (w->seqs[i])
		decide_fate(w, FATE_COMMITTED);
}

static void post_and_commit(struct writer *w)
{
	if (run_command(w, "begin") && post_dispatch(w, "post"))
		commit_transaction(w);
}

/* Is slow between the draw and the row, and between the row and the commit. */
static void write_slowly(struct writer *w)
{
	int64_t seq;

	if (!run_command(w, "begin") || !(seq = draw_number(w)))
		return;
	pause_if_slow(w);
	if (!write_as(w, seq))
		return;
	pause_if_slow(w);
	commit_transaction(w);
}

static void roll_back(struct writer *w)
{
	if (!run_command(w, "begin") || !post_dispatch(w, "send"))
		return;
	if (chance_percent(&w->chance, 20))
		pause_if_slow(w);
	run_command(w, "rollback");
}

/* Draws a number that no row gets, and commits. */
static void waste_number(struct writer *w)
{
	if (run_command(w, "begin") && draw_number(w) &&
	    post_dispatch(w, "post"))
		commit_transaction(w);
}

/* Writes two or three dispatches, the highest number first. */
static void write_several(struct writer *w)
{
	int64_t seqs[MOST];
	int n = 2 + (int)chance_below(&w->chance, 2);

	if (!run_command(w, "begin"))
		return;
	for (int i = 0; i < n; i++)
		if (!(seqs[i] = draw_number(w)))
			return;
	for (int i = n - 1; i >= 0; i--) {
		if (!write_as(w, seqs[i]))
			return;
		if (chance_percent(&w->chance, 20))
			pause_if_slow(w);
	}
	commit_transaction(w);
}

/* Draws and writes after a savepoint, then rolls back to it. */
static void save_and_undo(struct writer *w)
{
	if (!run_command(w, "begin"))
		return;
	if (chance_percent(&w->chance, 30) && !post_dispatch(w, "send"))
		return;
	if (!run_command(w, "savepoint here") || !post_dispatch(w, "post"))
		return;
	if (chance_percent(&w->chance, 30))
		pause_if_slow(w);
	if (!run_command(w, "rollback to savepoint here"))
		return;
	w->n--;
	if (chance_percent(&w->chance, 20))
		pause_if_slow(w);
	if (post_dispatch(w, "post"))
		commit_transaction(w);
}

/* Does the same in a PL/pgSQL block that swallows its exception. */
static void swallow_exception(struct writer *w)
{
	char lost[MARK_TEXT], kept[MARK_TEXT], room[12];
	const char *const params[] = { room, lost, kept };

	if (!run_command(w, "begin"))
		return;
	add_dispatch(w, lost);
	w->n--;
	add_dispatch(w, kept);
	room_text(w, room);
	w->seqs[0] = run_prepared(w, "swallow", 3, params);
	if (!w->seqs[0])
		return;
	if (chance_percent(&w->chance, 20))
		pause_if_slow(w);
	commit_transaction(w);
}

/* Makes a deferred constraint refuse the commit itself. */
static void write_refused(struct writer *w)
{
	PGresult *r;
	const char *state;

	if (!run_command(w, "begin") || !post_dispatch(w, "post") ||
	    !run_command(w, "insert into torture.refusal values (1)"))
		return;
	decide_fate(w, FATE_UNKNOWN);
	r = PQexec(w->conn, "commit");
	state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	if (state && !strcmp(state, "P0001"))
		decide_fate(w, FATE_NOT_COMMITTED);
	else
		give_up(w, r, "commit of what is refused");
	PQclear(r);
}

/* Disconnects after a draw and a row. */
static void leave_open(struct writer *w)
{
	if (!run_command(w, "begin") || !post_dispatch(w, "post"))
		return;
	pause_if_slow(w);
	hang_up(w);
}

static const struct habit {
	void (*act)(struct writer *w);
	unsigned weight[LOADS];
} HABITS[] = {
	{ send_message, { 22, 45 } }, { post_and_commit, { 22, 45 } },
	{ write_slowly, { 8, 0 } },   { roll_back, { 14, 10 } },
	{ waste_number, { 8, 0 } },   { write_several, { 8, 0 } },
	{ save_and_undo, { 6, 0 } },  { swallow_exception, { 8, 0 } },
	{ write_refused, { 3, 0 } },  { leave_open, { 1, 0 } },
};

static const struct habit *choose_habit(struct writer *w)
{
	/* Each column adds up to 100. */
	unsigned at = chance_below(&w->chance, 100);
	const struct habit *habit = HABITS;

	for (; at >= habit->weight[w->load]; habit++)
		at -= habit->weight[w->load];
	return habit;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Rings the doorbell now and then, as lib/pg/sync.c does. */
static void ring_doorbell(struct writer *w)
{
	long long now = now_ms(), last = atomic_load(&last_ring);

	if (now - last >= RING_INTERVAL &&
	    atomic_compare_exchange_strong(&last_ring, &last, now))
		run_prepared(w, "ring", 0, NULL);
}

/* Turns durable commits off, which confab.log_draw() has to undo. Otherwise
 * each commit would flush those of the others. */
static bool prepare_connection(struct writer *w)
{
	if (!run_command(w, "set synchronous_commit = off"))
		return false;
	for (size_t i = 0; i < sizeof(STATEMENTS) / sizeof(*STATEMENTS); i++) {
		PGresult *r = PQprepare(w->conn, STATEMENTS[i].name,
					STATEMENTS[i].text, 0, NULL);
		bool done = PQresultStatus(r) == PGRES_COMMAND_OK;

		if (!done)
			give_up(w, r, STATEMENTS[i].name);
		PQclear(r);
		if (!done)
			return false;
	}
	return true;
}

static void connect_again(struct writer *w)
{
	PQfinish(w->conn);
	w->conn = database_connect(w->conninfo, WRITER_APPLICATION);
	if (is_broken(w) || !prepare_connection(w))
		chance_pause(&w->chance, CONNECT_PAUSE);
}

/* A habit leaves its transaction open only if the connection broke. The server
 * has then rolled it back, unless the commit was already sent; decide_fate()
 * has noted that. */
static void *run_writer(void *context)
{
	struct writer *w = context;

	while (!atomic_load(&ended)) {
		if (is_broken(w)) {
			connect_again(w);
			continue;
		}
		if (w->mood-- == 0) {
			w->mood = (int)chance_below(&w->chance, MOOD);
			w->haste = chance_percent(&w->chance, 50);
		}
		w->n = 0;
		choose_habit(w)->act(w);
		if (!is_broken(w))
			ring_doorbell(w);
	}
	PQfinish(w->conn);
	return NULL;
}

struct writer *writer_start(const char *conninfo, enum load load,
			    struct ledger *ledger, int number, uint64_t seed)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	atomic_store(&ended, false);
	w->conninfo = conninfo;
	w->load = load;
	w->ledger = ledger;
	w->number = number;
	chance_seed(&w->chance, seed, 1000 + (uint64_t)number);
	if (pthread_create(&w->thread, NULL, run_writer, w) != 0)
		abort();
	return w;
}

void writer_end_all(void)
{
	atomic_store(&ended, true);
}

void writer_join(struct writer *writer)
{
	pthread_join(writer->thread, NULL);
	free(writer);
}
