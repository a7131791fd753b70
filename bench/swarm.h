/* swarm: thousands of clients of one server in one process, for measurements:
 * one clock stamps what is sent and what arrives. See swarm.c. */
#ifndef CONFAB_BENCH_SWARM_H
#define CONFAB_BENCH_SWARM_H

#include <netinet/in.h>

#include "swarm_client.h"

enum {
	MOST = 16384,      /* clients, below any usual limit of files */
	MARKS = 65536,     /* publications of one run */
	SWARM_ANSWER = -2, /* in the loop only to wake it */
};

struct swarm {
	int epoll;
	struct client *clients; /* MOST of them */
	int count, asking, open, gone;
	struct client_events events;
	int64_t goal; /* the last mark that is waited for; -1: none */
	int at_goal;
	uint64_t disordered;
	int64_t *latencies; /* ns, of the present publications */
	size_t n_latencies, cap_latencies;
	int64_t sent_at[MARKS]; /* ns */
	int arrivals[MARKS];    /* of each publication */
	int first, last;        /* publications that are timed: [first, last) */
};

extern struct swarm swarm;

int64_t swarm_clock(void); /* ns */

/* Waits ms at most for something to happen, and sees to it. False when there
 * was nothing. */
bool swarm_turn(int ms);

/* Connects; source counts up, so that the ports of one address do not run out.
 * -1: it can't. */
int swarm_connect(int port, int source);

/* open ROLE KIND COUNT PORT,PORT… AT_ONCE GOAL PATH TOKENS READY: COUNT more
 * clients, AT_ONCE of them without an answer at a time. GOAL -1: until they are
 * open; else until each has seen that mark. */
void swarm_open(const char *line);
/* Sends the request of a client that has connected. */
void swarm_ask(struct client *client);

/* publish COUNT DEPTH READERS PORT FILE: sends COUNT requests like FILE, each
 * with a mark of its own, the next when one of DEPTH has reached READERS. */
void swarm_publish(const char *line);

/* The value at a share of what is sorted, in ms. */
double swarm_percentile(const int64_t *sorted, size_t n, double share);
void swarm_sort(int64_t *values, size_t n);

#endif
