/* ledger: one growing array per writer. The authority is the table's rows, in
 * order, after every writer has ended. */
#include "ledger.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bail.h"
#include "base/xalloc.h"

enum {
	PAGE = 20000, /* rows of the table at a time */
	EXAMPLES = 6, /* contradictions to print */
};

struct entry {
	int64_t seq; /* 0: unknown */
	enum fate fate;
};

struct part {
	struct entry *entries;
	int n, cap;
};

struct ledger {
	int writers;
	struct part *parts;
	struct life truth; /* every committed dispatch */
};

void mark_text(struct mark mark, char text[MARK_TEXT])
{
	snprintf(text, MARK_TEXT, "torture:%d:%d.", mark.writer, mark.number);
}

struct mark mark_find(const char *payload)
{
	struct mark mark = { .writer = -1 };
	const char *at = payload ? strstr(payload, "torture:") : NULL;

	if (!at || sscanf(at, "torture:%d:%d.", &mark.writer, &mark.number) < 2)
		mark.writer = -1;
	return mark;
}

static bool same_mark(struct mark a, struct mark b)
{
	return a.writer == b.writer && a.number == b.number;
}

void life_add(struct life *life, int64_t seq, struct mark mark)
{
	if (life->n == life->cap) {
		life->cap = life->cap ? life->cap * 2 : 256;
		life->seen =
			xrealloc(life->seen, life->cap * sizeof(*life->seen));
	}
	life->seen[life->n++] = (struct seen){ .seq = seq, .mark = mark };
}

struct ledger *ledger_create(int writers)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->writers = writers;
	ledger->parts = xcalloc((size_t)writers, sizeof(*ledger->parts));
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	for (int i = 0; i < ledger->writers; i++)
		free(ledger->parts[i].entries);
	free(ledger->parts);
	free(ledger->truth.seen);
	free(ledger);
}

struct mark ledger_add(struct ledger *ledger, int writer)
{
	struct part *part = &ledger->parts[writer];

	if (part->n == part->cap) {
		part->cap = part->cap ? part->cap * 2 : 1024;
		part->entries =
			xrealloc(part->entries,
				 (size_t)part->cap * sizeof(*part->entries));
	}
	part->entries[part->n] = (struct entry){ .fate = FATE_NOT_COMMITTED };
	return (struct mark){ .writer = writer, .number = part->n++ };
}

static struct entry *find_entry(const struct ledger *ledger, struct mark mark)
{
	if (mark.writer < 0 || mark.writer >= ledger->writers ||
	    mark.number < 0 || mark.number >= ledger->parts[mark.writer].n)
		return NULL;
	return &ledger->parts[mark.writer].entries[mark.number];
}

void ledger_decide(struct ledger *ledger, struct mark mark, int64_t seq,
		   enum fate fate)
{
	ledger->parts[mark.writer].entries[mark.number] =
		(struct entry){ .seq = seq, .fate = fate };
}

/* Counts a contradiction, and prints the first few. */
static void report_fault(size_t *count, const char *what, int64_t seq,
			 struct mark mark)
{
	static int printed;

	(*count)++;
	if (printed++ >= EXAMPLES)
		return;
	printf("# %s: seq %lld", what, (long long)seq);
	if (mark.writer >= 0)
		printf(", writer %d, number %d", mark.writer, mark.number);
	putchar('\n');
}

/* Compares one row of the table with what its writer knows. */
static void take_row(struct ledger *ledger, int64_t seq, struct mark mark,
		     struct findings *findings)
{
	struct entry *entry = find_entry(ledger, mark);

	life_add(&ledger->truth, seq, mark);
	findings->last = seq;
	if (!entry) {
		report_fault(&findings->broken, "a row that nobody wrote", seq,
			     mark);
		return;
	}
	if (entry->fate == FATE_NOT_COMMITTED)
		report_fault(&findings->broken, "rolled back and there", seq,
			     mark);
	else if (entry->seq && entry->seq != seq)
		report_fault(&findings->broken, "there under another number",
			     seq, mark);
	/* Remove it: entries left at the end are not in the table. */
	if (entry->fate == FATE_UNKNOWN)
		findings->unknown++;
	findings->committed++;
	entry->fate = FATE_NOT_COMMITTED;
}

static PGresult *read_page(PGconn *conn, int64_t after)
{
	char text[24], limit[12];
	const char *params[] = { text, limit };

	snprintf(text, sizeof(text), "%lld", (long long)after);
	snprintf(limit, sizeof(limit), "%d", PAGE);
	return PQexecParams(conn,
			    "select seq, substring(payload from "
			    "'torture:\\d+:\\d+\\.') from confab.log where seq "
			    "> $1::bigint order by seq limit $2::int",
			    2, NULL, params, NULL, NULL, 0);
}

static void read_table(struct ledger *ledger, PGconn *conn, int64_t base,
		       struct findings *findings)
{
	int64_t after = base;
	int n;

	do {
		PGresult *r = read_page(conn, after);

		if (PQresultStatus(r) != PGRES_TUPLES_OK)
			bail("the table can't be read: %s",
			     PQerrorMessage(conn));
		n = PQntuples(r);
		for (int i = 0; i < n; i++) {
			after = strtoll(PQgetvalue(r, i, 0), NULL, 10);
			take_row(ledger, after, mark_find(PQgetvalue(r, i, 1)),
				 findings);
		}
		PQclear(r);
	} while (n == PAGE);
}

void ledger_settle(struct ledger *ledger, PGconn *conn, int64_t base,
		   struct findings *findings)
{
	size_t all = 0;

	findings->last = base;
	read_table(ledger, conn, base, findings);
	for (int w = 0; w < ledger->writers; w++) {
		const struct part *part = &ledger->parts[w];

		all += (size_t)part->n;
		for (int i = 0; i < part->n; i++) {
			const struct entry *entry = &part->entries[i];

			if (entry->fate == FATE_UNKNOWN)
				findings->unknown++;
			if (entry->fate == FATE_COMMITTED)
				report_fault(&findings->broken,
					     "acknowledged and gone",
					     entry->seq, (struct mark){ w, i });
		}
	}
	findings->rolled_back = all - findings->committed;
}

/* The index in the truth of the first number above seq. */
static size_t place_above(const struct life *truth, int64_t seq)
{
	size_t low = 0, high = truth->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (truth->seen[middle].seq > seq)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* A head means that everything up to it is decided. A row that was invisible
 * then must not be in the table now. */
static void check_head(const struct life *truth, const struct life *life,
		       struct findings *findings)
{
	int64_t now;

	if (life->visible < 0)
		return;
	findings->heads++;
	now = (int64_t)(place_above(truth, life->start) -
			place_above(truth, life->visible_after));
	if (now > life->visible)
		report_fault(&findings->late, "committed below this head",
			     life->start, (struct mark){ -1, 0 });
}

void ledger_check(const struct ledger *ledger, const struct life *life,
		  struct findings *findings)
{
	const struct life *truth = &ledger->truth;
	size_t at = place_above(truth, life->start);
	int64_t before = life->start;

	if (life->start < 0)
		return;
	findings->lives++;
	check_head(truth, life, findings);
	for (size_t i = 0; i < life->n; i++) {
		const struct seen *seen = &life->seen[i];

		if (seen->seq <= before) {
			report_fault(&findings->repeated,
				     "again, or out of order", seen->seq,
				     seen->mark);
			continue;
		}
		before = seen->seq;
		for (; at < truth->n && truth->seen[at].seq < seen->seq; at++)
			report_fault(&findings->lost, "lost",
				     truth->seen[at].seq, truth->seen[at].mark);
		if (at == truth->n || truth->seen[at].seq != seen->seq ||
		    !same_mark(truth->seen[at].mark, seen->mark))
			report_fault(&findings->strange, "never committed",
				     seen->seq, seen->mark);
		if (at < truth->n && truth->seen[at].seq == seen->seq)
			at++;
	}
	for (; at < truth->n && truth->seen[at].seq <= life->cursor; at++)
		report_fault(&findings->lost, "passed over",
			     truth->seen[at].seq, truth->seen[at].mark);
}
