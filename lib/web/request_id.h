/* request_id: the ids of requests. The log names a request by its id, and the
 * response carries it as X-Request-Id. */
#ifndef CONFAB_WEB_REQUEST_ID_H
#define CONFAB_WEB_REQUEST_ID_H

enum {
	REQUEST_ID_SIZE = 36 /* with its NUL */
};

/* Makes the ids of one process. */
struct request_ids {
	char process[21]; /* random */
	unsigned count;   /* so far */
};

/* Call in the process that answers, after secret_init(). */
void request_ids_begin(struct request_ids *ids);

/* Writes an id that no other request has. */
void request_ids_next(struct request_ids *ids, char out[REQUEST_ID_SIZE]);

#endif
