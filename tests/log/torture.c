/* torture: shows that lib/log/tail.c loses nothing. Run by
 * tests/log/torture.test against a PostgreSQL of its own.
 *
 * What it shows. Of all dispatches that were committed above a reader's start
 * and up to the last cursor it reported, the reader got each exactly once, in
 * order, with the text that was written, and nothing else. And below a head at
 * which a reader starts nothing is committed any more.
 *
 * How. Writers (writer.c), each with a connection of its own, write in many
 * rooms through the functions of the schema: fast ones, slow ones between the
 * draw and the commit, rolled back, refused in the commit, with numbers drawn
 * in what is undone by a savepoint or a swallowed exception, without asking for
 * a durable commit. Readers (reader.c) are real tails that end at random and
 * start again at the head or at a cursor that any of them has reported. Trouble
 * (trouble.c) stalls, terminates and kills backends of both, and crashes the
 * server.
 *
 * What it is judged by (ledger.c). Each dispatch carries a mark; its writer
 * notes what became of it: committed (acknowledged), not committed, or unknown
 * (the connection broke in the commit). When all writers have ended, the table
 * decides what is unknown, and must agree with everything that is known: the
 * acknowledged is there after every crash, the rolled back is not. The readers
 * go on until they have come to the last committed number; then what each of
 * them got in each of its lives is compared with the table.
 *
 * That the test can see a loss is shown by rules that are broken on purpose
 * (TAIL_VARIANT, see lib/log/tail.c): with each of them it must find something.
 * Two loads, because slow holders keep a fence up nearly all the time and hide
 * windows that are microseconds wide; the plain load has none of them.
 *
 * Exit status: 0 nothing found, 1 found, 2 could not run. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#include "bail.h"
#include "base/crypto.h"
#include "base/xalloc.h"
#include "database.h"
#include "ledger.h"
#include "reader.h"
#include "trouble.h"
#include "writer.h"

enum {
	WRITERS = 20,
	READERS = 8,
	PATIENCE = 300, /* seconds at most to meet the required holes */
};

static const char *const LOAD_NAMES[LOADS] = {
	[LOAD_MIX] = "mix",
	[LOAD_PLAIN] = "plain",
};

struct run {
	const char *conninfo, *crash;
	enum load load;
	unsigned seconds, rounds;
	uint64_t holes; /* required number */
	uint64_t seed;
	PGconn *conn;
	char *epoch;
	int64_t base;
};

/* The outcome of one round. */
struct outcome {
	unsigned seconds;
	struct findings findings;
	struct reader_counts readers;
	struct trouble_counts trouble;
};

/* The old connection has not survived a crash. */
static void connect_again(struct run *run)
{
	PQfinish(run->conn);
	run->conn = database_connect(run->conninfo, NULL);
	if (PQstatus(run->conn) != CONNECTION_OK)
		bail("%s", PQerrorMessage(run->conn));
}

/* Reads the state of the log before a round: nobody writes, and everything is
 * decided. */
static void look_at_log(struct run *run)
{
	PGresult *r;

	connect_again(run);
	r = PQexec(run->conn, "select epoch, head from confab.log_state()");
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		bail("%s", PQerrorMessage(run->conn));
	free(run->epoch);
	run->epoch = xstrdup(PQgetvalue(r, 0, 0));
	run->base = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
	PQclear(r);
}

/* Makes partitions beside the load, as the programs do. It may be refused or
 * meet a dead server; there is a next time. */
static void maintain_log(struct run *run)
{
	if (PQstatus(run->conn) != CONNECTION_OK)
		PQreset(run->conn);
	PQclear(PQexec(run->conn, "select confab.log_maintain()"));
}

/* Lets the load run for its time, and longer on a slow machine, until the
 * readers have met the required holes. */
static unsigned let_load_run(struct run *run)
{
	static const struct timespec SECOND = { .tv_sec = 1 };
	unsigned passed = 0;

	while (passed < run->seconds ||
	       (reader_holes() < run->holes && passed < PATIENCE)) {
		nanosleep(&SECOND, NULL);
		maintain_log(run);
		passed++;
	}
	return passed;
}

static struct outcome run_round(struct run *run)
{
	struct outcome outcome = { 0 };
	struct ledger *ledger = ledger_create(WRITERS);
	struct writer *writers[WRITERS];
	struct reader *readers[READERS];
	struct trouble *trouble = NULL;

	look_at_log(run);
	reader_begin_all(run->epoch, run->base);
	for (int i = 0; i < READERS; i++)
		readers[i] = reader_start(run->conninfo, run->seed, i);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = writer_start(run->conninfo, run->load, ledger, i,
					  run->seed);
	if (run->load == LOAD_MIX)
		trouble = trouble_start(run->conninfo, run->crash, run->seed);
	outcome.seconds = let_load_run(run);
	if (trouble)
		trouble_end(trouble, &outcome.trouble);
	writer_end_all();
	for (int i = 0; i < WRITERS; i++)
		writer_join(writers[i]);
	connect_again(run);
	ledger_settle(ledger, run->conn, run->base, &outcome.findings);
	reader_end_all(outcome.findings.last);
	for (int i = 0; i < READERS; i++)
		reader_join(readers[i], ledger, &outcome.findings,
			    &outcome.readers);
	ledger_free(ledger);
	return outcome;
}

/* Prints every figure that the verdict depends on, as one word each. */
static void print_outcome(const struct run *run, const struct outcome *o)
{
	const struct findings *f = &o->findings;

	printf("# load=%s seconds=%u writers=%d readers=%d variant=%s\n",
	       LOAD_NAMES[run->load], o->seconds, WRITERS, READERS,
	       getenv("TAIL_VARIANT") ? getenv("TAIL_VARIANT") : "none");
	printf("# dispatches=%zu not_committed=%zu unknown=%zu\n", f->committed,
	       f->rolled_back, f->unknown);
	printf("# handed_over=%llu holes=%llu fences=%llu lives=%zu "
	       "heads=%zu restarts=%llu\n",
	       (unsigned long long)o->readers.rows,
	       (unsigned long long)o->readers.holes,
	       (unsigned long long)o->readers.fences, f->lives, f->heads,
	       (unsigned long long)o->readers.lives - READERS);
	printf("# stalls=%llu terminated=%llu killed=%llu crashes=%llu\n",
	       (unsigned long long)o->trouble.stalls,
	       (unsigned long long)o->trouble.terminated,
	       (unsigned long long)o->trouble.killed,
	       (unsigned long long)o->trouble.crashes);
	printf("# lost=%zu late=%zu repeated=%zu strange=%zu broken=%zu "
	       "moved=%llu behind=%llu\n",
	       f->lost, f->late, f->repeated, f->strange, f->broken,
	       (unsigned long long)o->readers.moved,
	       (unsigned long long)o->readers.behind);
	fflush(stdout);
}

static bool is_clean(const struct outcome *o)
{
	const struct findings *f = &o->findings;

	return !f->lost && !f->late && !f->repeated && !f->strange &&
	       !f->broken && !o->readers.moved && !o->readers.behind;
}

static void print_usage(void)
{
	fputs("usage: torture -d CONNINFO -l mix|plain -t SECONDS\n"
	      "  -c COMMAND  crashes the server and starts it again\n"
	      "  -h HOLES    longer, until so many were met\n"
	      "  -r ROUNDS   again until something is found (1)\n"
	      "  -s SEED\n",
	      stderr);
	exit(2);
}

static void set_load(struct run *run, const char *name)
{
	for (int i = 0; i < LOADS; i++)
		if (!strcmp(name, LOAD_NAMES[i])) {
			run->load = (enum load)i;
			return;
		}
	print_usage();
}

static void read_options(struct run *run, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:d:h:l:r:s:t:")) != -1) {
		if (c == 'c')
			run->crash = optarg;
		else if (c == 'd')
			run->conninfo = optarg;
		else if (c == 'h')
			run->holes = strtoull(optarg, NULL, 10);
		else if (c == 'l')
			set_load(run, optarg);
		else if (c == 'r')
			run->rounds = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			run->seed = strtoull(optarg, NULL, 10);
		else if (c == 't')
			run->seconds = (unsigned)strtoul(optarg, NULL, 10);
		else
			print_usage();
	}
	if (!run->conninfo || !run->seconds || optind != argc)
		print_usage();
}

int main(int argc, char **argv)
{
	struct run run = { .rounds = 1, .seed = (uint64_t)time(NULL) };
	bool clean = true;

	secret_init();
	read_options(&run, argc, argv);
	for (unsigned i = 0; i < run.rounds && clean; i++, run.seed++) {
		struct outcome outcome;

		printf("# seed=%llu round=%u\n", (unsigned long long)run.seed,
		       i + 1);
		outcome = run_round(&run);
		print_outcome(&run, &outcome);
		if (!outcome.findings.committed || !outcome.findings.lives)
			bail("nothing was written, or nobody read");
		clean = is_clean(&outcome);
	}
	PQfinish(run.conn);
	free(run.epoch);
	return clean ? 0 : 1;
}
