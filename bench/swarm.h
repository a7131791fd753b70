/* swarm: thousands of clients of one server in one process, for measurements:
 * one clock stamps each departure and arrival. See swarm.c. */
#ifndef CONFAB_BENCH_SWARM_H
#define CONFAB_BENCH_SWARM_H

#include <netinet/in.h>

#include "swarm_client.h"

enum {
	MOST = 16384,      /* clients, below any usual limit of files */
	MARKS = 65536,     /* publications of one run */
	SWARM_ANSWER = -2, /* watched by the loop only to be woken */
};

struct swarm {
	int epoll;
	struct client *clients; /* MOST of them */
	int count, asking, open, gone;
	struct client_events events;
	int64_t goal; /* the last mark to wait for; -1: none */
	int at_goal;
	uint64_t disordered;
	int64_t *latencies; /* ns, of the current publications */
	size_t n_latencies, cap_latencies;
	int64_t sent_at[MARKS]; /* ns */
	int arrivals[MARKS];    /* deliveries of each publication */
	int first, last;        /* publications to be timed: [first, last) */
};

extern struct swarm swarm;

int64_t swarm_clock(void); /* The clock of all measurements, in ns. */

/* Waits at most ms for events and handles them. False when there were none. */
bool swarm_turn(int ms);

/* Connects; -1 on failure. source counts up and selects the local address,
 * because the ports of one address would run out. */
int swarm_connect(int port, int source);

/* open ROLE KIND COUNT PORT,PORT… AT_ONCE GOAL PATH TOKENS READY: opens COUNT
 * more clients; at most AT_ONCE wait for an answer at a time. GOAL -1: waits
 * until they are open; otherwise until each has seen that mark. */
void swarm_open(const char *line);
/* Sends the request of a client that has connected. */
void swarm_ask(struct client *client);

/* publish COUNT DEPTH READERS PORT FILE: sends COUNT requests like FILE, each
 * with its own mark. At most DEPTH are under way; one ends when READERS have
 * received it. */
void swarm_publish(const char *line);

/* The value at a share of the sorted times, in ms. */
double swarm_percentile(const int64_t *sorted, size_t n, double share);
void swarm_sort(int64_t *values, size_t n);

#endif
