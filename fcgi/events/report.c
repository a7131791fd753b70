/* report: answers whether the program is up, whether it can serve, and what it
 * has counted. */
#include <string.h>

#include "base/metrics.h"
#include "connection.h"

static void answer_metrics(struct connection *c)
{
	struct buf out = { 0 };

	hub_report(c->connections->hub);
	metrics_print(&out, c->connections->config->run_dir);
	connection_respond(c, 200, "text/plain; version=0.0.4", &out);
	buf_free(&out);
}

/* Whether a proxy sends the request for somebody else. For the web server the
 * proxy is a program of this host, and only programs of this host may see the
 * metrics. */
static bool is_forwarded(struct connection *c)
{
	static const char *const names[] = { "HTTP_X_FORWARDED_FOR",
					     "HTTP_FORWARDED", "HTTP_VIA" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (connection_param(c, names[i]))
			return true;
	return false;
}

bool connection_report(struct connection *c, const char *name)
{
	const char *why = "ok";
	struct buf body = { 0 };
	int status = 200;

	if (!strcmp(name, "metrics") && is_forwarded(c)) {
		connection_fail(c, ERROR_NOT_FOUND, NULL);
		return true;
	}
	if (!strcmp(name, "metrics")) {
		answer_metrics(c);
		return true;
	}
	if (strcmp(name, "healthz") && strcmp(name, "readyz"))
		return false;
	if (*name == 'r' && !hub_ready(c->connections->hub, &why))
		status = 503;
	buf_addf(&body, "%s\n", status == 200 ? "ok" : why);
	connection_respond(c, status, "text/plain", &body);
	buf_free(&body);
	return true;
}
