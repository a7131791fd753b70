/* report: is the program up, can it serve, and what has it done. */
#include <string.h>

#include "base/metrics.h"
#include "connection.h"

static void metrics(struct held *held)
{
	struct buf out = { 0 };

	hub_report(held->shared->hub);
	metrics_print(&out, held->shared->config->run_dir);
	held_respond(held, 200, "text/plain; version=0.0.4", &out);
	buf_free(&out);
}

bool held_report(struct held *held, const char *name)
{
	const char *why = "ok";
	struct buf body = { 0 };
	int status = 200;

	if (!strcmp(name, "metrics")) {
		metrics(held);
		return true;
	}
	if (strcmp(name, "healthz") && strcmp(name, "readyz"))
		return false;
	if (*name == 'r' && !hub_ready(held->shared->hub, &why))
		status = 503;
	buf_addf(&body, "%s\n", status == 200 ? "ok" : why);
	held_respond(held, status, "text/plain", &body);
	buf_free(&body);
	return true;
}
