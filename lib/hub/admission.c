/* admission: who may open a stream. Called by the transports, by way of hub.h,
 * and by the opener with the database's answer; owns the budgets of
 * addresses. */
#include <stdio.h>
#include <stdlib.h>

#include "auth/identity.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"

void admission_open(struct hub *hub)
{
	address_budget_init(&hub->strangers, hub->config);
	hub->strangers.table = xcalloc(1, sizeof(*hub->strangers.table));
}

void admission_close(struct hub *hub)
{
	free(hub->strangers.table);
}

void admission_charge(struct hub *hub, const char *address)
{
	address_budget_spend(&hub->strangers, address, 1);
}

void hub_refuse(struct stream *s, enum confab_error error, const char *body)
{
	struct buf made = { 0 };

	s->hub->counts.refused++;
	s->hub->counts.streams--;
	s->hub = NULL;
	stream_set_state(s, STREAM_CLOSED);
	if (!body) {
		error_body(&made, error, NULL);
		body = buf_text(&made);
	}
	s->ops->refused(s, error, body);
	buf_free(&made);
}

/* Whether a stream may be asked for: there is room, and the address has not
 * asked too often without a log-in. */
static enum confab_error check_limits(struct hub *hub, const char *address,
				      const char **why)
{
	int wait;

	if ((int)hub->counts.streams >= hub->config->max_streams)
		return ERROR_UNAVAILABLE;
	wait = address_budget_wait(&hub->strangers, address);
	if (!wait)
		return ERROR_NONE;
	snprintf(hub->wait, sizeof(hub->wait), "%d", wait);
	*why = hub->wait;
	return ERROR_RATE;
}

enum confab_error hub_admit(struct hub *hub, struct stream *s,
			    const struct hub_request *request, const char **why)
{
	const struct transport *transport = transport_of(request->transport);
	const char *address = request->param(request->context, "REMOTE_ADDR");
	struct identity identity;
	enum confab_error error;

	*why = NULL;
	error = check_limits(hub, address, why);
	if (error != ERROR_NONE) {
		hub->counts.refused++;
		hub->counts.limited++;
		return error;
	}
	identity_find_stream(&identity, hub->rules, request->param,
			     request->context);
	error = identity_check(&identity, hub->config, transport->use,
			       request->param, request->context, why);
	if (error == ERROR_NONE) {
		s->hub = hub;
		s->lists = &hub->lists;
		s->transport = transport;
		s->form = request->form;
		s->peer = request->peer;
		stream_set_state(s, STREAM_OPENING);
		hub->counts.streams++;
		opener_open(hub->opener, s, request, &identity);
	}
	if (error == ERROR_UNAUTHENTICATED)
		admission_charge(hub, address);
	identity_free(&identity);
	return error;
}
