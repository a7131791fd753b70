/* cgi: confab-events as a CGI program, where a host runs no programs of its
 * customers: one process for one request. */
#ifndef CONFAB_FCGI_EVENTS_CGI_H
#define CONFAB_FCGI_EVENTS_CGI_H

#include "base/config.h"
#include "connection.h"

/* One of the places of requests that wait at the same time. Free with close().
 * -1: all are taken, of this address or of the host. */
int cgi_take_place(const struct config *config, const char *address);

/* Hands the request of the environment to the connections, as FastCGI over a
 * pair of sockets, and copies the response to standard output until it ends or
 * the web server stops reading. Runs the loop. */
void cgi_serve(struct connections *all);

#endif
