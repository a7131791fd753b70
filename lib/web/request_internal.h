/* request_internal: shared by request.c, which reads requests, and answer.c,
 * which answers them. */
#ifndef CONFAB_WEB_REQUEST_INTERNAL_H
#define CONFAB_WEB_REQUEST_INTERNAL_H

#include <fcgiapp.h>
#include <time.h>

#include "web/request.h"
#include "web/request_id.h"

enum {
	HTTP_CHUNK = 16384 /* bytes read at once */
};

struct http {
	int epoll;
	int listener;  /* -1: plain CGI */
	int signals;   /* signalfd */
	int timeout;   /* s */
	bool cgi_done; /* the one request was handed out */
	bool stopping; /* SIGTERM came */
	bool open;     /* a request is being answered */
	size_t got;    /* bytes of the body that were read */
	int status;    /* of the last response; 0: there was none */
	size_t body;   /* bytes of the last request's body */
	FCGX_Request request;
	struct buf headers, path;
	struct request_ids ids;
	char request_id[REQUEST_ID_SIZE]; /* of the request that is open */
	void (*task)(void *context);      /* see http_every() */
	void *task_context;
	int task_every;   /* s */
	int64_t task_due; /* clock_ms() */
};

/* Starts the time limit of the other side, which http_unwatch() ends. Only
 * waiting for the client counts, never waiting for the database. */
void http_watch(const struct http *http);
void http_unwatch(void);

/* Reads up to len bytes of the body; 0 at its end. */
size_t http_read_some(struct http *http, char *to, size_t len);

/* Ends the request without libfcgi's closing ceremony. */
void http_hang_up(struct http *http);

#endif
