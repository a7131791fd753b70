/* trouble: stalls, terminates or kills the backend of a writer or a reader at
 * random moments, or crashes the server.
 *
 * A stall (SIGSTOP, some milliseconds, SIGCONT) widens windows that are
 * otherwise microseconds wide: between the lock and the draw, between the
 * commit and the release of its locks, between a snapshot and the reads that
 * use it. Signals go only to children of our own server, as /proc shows. */
#include "trouble.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>

#include <libpq-fe.h>

#include "bail.h"
#include "base/xalloc.h"
#include "chance.h"
#include "database.h"
#include "reader.h"
#include "writer.h"

enum {
	PAUSE = 50,          /* ms at most between two troubles */
	STALL = 8,           /* ms at most */
	CRASH_AFTER = 1500,  /* ms of uptime at least, plus */
	CRASH_SPREAD = 2000, /* up to so many more */
	UP_LIMIT = 60000,    /* ms until the server has to answer again */
};

struct trouble {
	pthread_t thread;
	const char *conninfo, *crash;
	struct chance chance;
	PGconn *conn;
	int64_t crash_at; /* ms */
	atomic_bool ended;
	struct trouble_counts counts;
};

static const char VICTIM[] =
	"select pid from pg_stat_activity where application_name in "
	"('" WRITER_APPLICATION "', '" READER_APPLICATION "') "
	"order by random() limit 1";
static const char TERMINATE[] =
	"select pg_terminate_backend(pid) from (select pid from "
	"pg_stat_activity where application_name in "
	"('" WRITER_APPLICATION "', '" READER_APPLICATION "') "
	"order by random() limit 1) victim";

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void plan_crash(struct trouble *t)
{
	t->crash_at =
		now_ms() + CRASH_AFTER + chance_below(&t->chance, CRASH_SPREAD);
}

/* Waits until the server accepts connections. */
static void connect_again(struct trouble *t)
{
	int64_t limit = now_ms() + UP_LIMIT;

	for (;;) {
		PQfinish(t->conn);
		t->conn = database_connect(t->conninfo, NULL);
		if (PQstatus(t->conn) == CONNECTION_OK)
			break;
		if (now_ms() > limit)
			bail("the server does not come back: %s",
			     PQerrorMessage(t->conn));
		chance_pause(&t->chance, 20);
	}
	plan_crash(t);
}

/* The first field of the first row as a number; 0 without one. */
static long query_number(struct trouble *t, const char *text)
{
	PGresult *r = PQexec(t->conn, text);
	long n = 0;

	if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
		n = strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return n;
}

static long parent_of(long pid)
{
	char path[64];
	long parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %*c %ld", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/* A backend of our server other than this connection's; 0 for none. */
static pid_t choose_victim(struct trouble *t)
{
	long pid = query_number(t, VICTIM);

	if (pid <= 0 || parent_of(pid) != parent_of(PQbackendPID(t->conn)))
		return 0;
	return (pid_t)pid;
}

static void stall_backend(struct trouble *t)
{
	pid_t pid = choose_victim(t);

	if (!pid || kill(pid, SIGSTOP) != 0)
		return;
	chance_pause(&t->chance, STALL);
	kill(pid, SIGCONT);
	t->counts.stalls++;
}

static void terminate_backend(struct trouble *t)
{
	PGresult *r = PQexec(t->conn, TERMINATE);

	if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
		t->counts.terminated++;
	PQclear(r);
}

/* The postmaster then ends every other backend, recovers and continues. */
static void kill_backend(struct trouble *t)
{
	pid_t pid = choose_victim(t);

	if (!pid || kill(pid, SIGKILL) != 0)
		return;
	t->counts.killed++;
	query_number(
		t,
		"select pg_sleep(60)"); /* until it is ended like the others */
}

static void crash_server(struct trouble *t)
{
	int status = system(t->crash);

	if (status != 0)
		bail("status %d: %s", status, t->crash);
	t->counts.crashes++;
}

static void *run_trouble(void *context)
{
	struct trouble *t = context;

	connect_again(t);
	while (!atomic_load(&t->ended)) {
		chance_pause(&t->chance, PAUSE);
		if (PQstatus(t->conn) != CONNECTION_OK)
			connect_again(t);
		else if (!t->crash || now_ms() < t->crash_at)
			(t->crash && chance_percent(&t->chance, 25)
				 ? terminate_backend
				 : stall_backend)(t);
		else if (plan_crash(t), t->counts.killed < t->counts.crashes)
			kill_backend(t);
		else
			crash_server(t);
	}
	connect_again(t);
	PQfinish(t->conn);
	return NULL;
}

struct trouble *trouble_start(const char *conninfo, const char *crash,
			      uint64_t seed)
{
	struct trouble *t = xcalloc(1, sizeof(*t));

	t->conninfo = conninfo;
	t->crash = crash;
	chance_seed(&t->chance, seed, 3000);
	if (pthread_create(&t->thread, NULL, run_trouble, t) != 0)
		abort();
	return t;
}

void trouble_end(struct trouble *trouble, struct trouble_counts *counts)
{
	atomic_store(&trouble->ended, true);
	pthread_join(trouble->thread, NULL);
	*counts = trouble->counts;
	free(trouble);
}
