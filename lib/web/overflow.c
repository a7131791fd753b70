/* overflow: answers the connections that would wait too long for a worker.
 * Called by prefork in a process of its own. It reads bytes from strangers and
 * answers without interpreting them. */
#include "web/overflow.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "web/fastcgi.h"
#include "web/head.h"
#include "web/request_id.h"

enum {
	IDLE = 100,    /* ms between looks at an empty queue, */
	WATCHFUL = 5,  /* and at one that is not empty */
	PATIENCE = 50, /* ms for a request to arrive */
	LISTENING = 10 /* TCP_LISTEN, which unix sockets share */
};

int overflow_diag(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static bool request_queue(int diag, int listener)
{
	struct stat status;
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_UNIX,
			  .udiag_states = 1U << LISTENING,
			  .udiag_show = UDIAG_SHOW_RQLEN,
			  .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};

	if (fstat(listener, &status) < 0)
		return false;
	request.body.udiag_ino = (uint32_t)status.st_ino;
	return send(diag, &request, sizeof(request), 0) ==
	       (ssize_t)sizeof(request);
}

int overflow_queue(int diag, int listener)
{
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;
	const struct rtattr *attribute;
	struct unix_diag_rqlen lengths;
	ssize_t n;
	size_t at = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct unix_diag_msg)));

	if (!request_queue(diag, listener))
		return -1;
	n = recv(diag, &answer, sizeof(answer), 0);
	if (n < (ssize_t)at || answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return -1;
	while (at + sizeof(*attribute) <= (size_t)n) {
		attribute = (const void *)(answer.bytes + at);
		if (attribute->rta_type == UNIX_DIAG_RQLEN &&
		    at + sizeof(*attribute) + sizeof(lengths) <= (size_t)n) {
			memcpy(&lengths, attribute + 1, sizeof(lengths));
			return (int)lengths.udiag_rqueue;
		}
		if (attribute->rta_len < sizeof(*attribute))
			break;
		at += (attribute->rta_len + 3U) & ~3U;
	}
	return -1;
}

/* Reads the bytes that have come and finds the request's id. Unread bytes would
 * make closing discard the answer. */
static unsigned read_request(int fd)
{
	struct pollfd arrival = { .fd = fd, .events = POLLIN };
	unsigned char bytes[65536];
	unsigned id = 1;

	if (poll(&arrival, 1, PATIENCE) <= 0 ||
	    recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < FASTCGI_HEADER)
		return id;
	id = (unsigned)bytes[2] << 8 | bytes[3];
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return id;
}

static void refuse_connection(int fd, struct request_ids *ids)
{
	char id_text[REQUEST_ID_SIZE];
	const struct error_answer answer =
		error_answer(ERROR_UNAVAILABLE, NULL);
	struct head head = { .status = answer.http_status,
			     .type = "application/json",
			     .retry_after = answer.retry_after,
			     .request_id = id_text,
			     .fields = OVERFLOW_REFUSAL };
	unsigned id = read_request(fd);
	struct buf body = { 0 }, text = { 0 }, wire = { 0 };

	error_body(&body, ERROR_UNAVAILABLE, NULL);
	request_ids_next(ids, id_text);
	head.length = (long long)body.len;
	head_write(&text, &head);
	buf_add(&text, body.data, body.len);
	fastcgi_write(&wire, FASTCGI_STDOUT, id, text.data, text.len);
	fastcgi_write(&wire, FASTCGI_STDOUT, id, NULL, 0);
	fastcgi_end(&wire, id);
	send(fd, wire.data, wire.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&body);
	buf_free(&text);
	buf_free(&wire);
}

bool overflow_run(int listener, unsigned limit, struct metric *refused)
{
	int diag = overflow_diag(), waiting, fd;
	bool told = false;
	struct request_ids ids;

	request_ids_begin(&ids);
	while ((waiting = overflow_queue(diag, listener)) >= 0) {
		told = true;
		for (int i = (int)limit; i < waiting; i++) {
			fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0)
				break;
			refuse_connection(fd, &ids);
			close(fd);
			metric_count(refused, 1);
		}
		poll(NULL, 0, waiting ? WATCHFUL : IDLE);
	}
	close(diag);
	return told;
}
