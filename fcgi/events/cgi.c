/* cgi: see cgi.h. Called by main(). The places are bytes of a file that are
 * locked, so they are free again whatever ends a process. */
#include "cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/state.h"
#include "web/fastcgi.h"

enum {
	REQUEST_LIMIT = 65536, /* bytes; fits a socket's buffer */
	REQUEST = 1,           /* id in FastCGI */
};

/* Locks one of n bytes from start on. */
static bool lock_one(int fd, off_t start, int n)
{
	for (int i = 0; i < n; i++) {
		struct flock lock = { .l_type = F_WRLCK,
				      .l_whence = SEEK_SET,
				      .l_start = start + i,
				      .l_len = 1 };

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			return true;
	}
	return false;
}

/* Addresses are told apart by 16 bits of a hash: two that share them share
 * their places. */
int cgi_take_place(const struct config *config, const char *address)
{
	unsigned char hash[SECRET_HASH_SIZE];
	int fd = state_open(config->run_dir, "waiters");
	off_t own;

	if (fd < 0)
		return -1;
	secret_hash(address ? address : "", hash);
	own = config->cgi_waiters +
	      (off_t)(hash[0] << 8 | hash[1]) * config->cgi_address_waiters;
	if (lock_one(fd, own, config->cgi_address_waiters) &&
	    lock_one(fd, 0, config->cgi_waiters))
		return fd;
	close(fd);
	return -1;
}

/* The response on its way to standard output. */
struct relay {
	struct watch watch;
	struct buf in; /* records */
	bool over;
};

static bool write_out(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Copies whole records. False at the end of the response. */
static bool relay_records(struct relay *relay)
{
	struct fastcgi_record record;
	size_t used = 0;
	bool more = true;

	while (more && fastcgi_read(&record, relay->in.data + used,
				    relay->in.len - used) == FASTCGI_RECORD) {
		if (record.type == FASTCGI_STDOUT)
			more = write_out(record.content, record.len);
		else
			more = record.type != FASTCGI_END;
		used += record.size;
	}
	buf_consume(&relay->in, used);
	return more;
}

static void relay_ready(struct watch *watch, uint32_t events)
{
	struct relay *relay = container_of(watch, struct relay, watch);
	char bytes[16384];
	ssize_t n;

	(void)events;
	while ((n = read(watch->fd, bytes, sizeof(bytes))) > 0) {
		buf_add(&relay->in, bytes, (size_t)n);
		if (!relay_records(relay)) {
			relay->over = true;
			return;
		}
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		relay->over = true;
}

static void refuse_large(struct connections *all)
{
	char id[REQUEST_ID_SIZE];
	struct buf answer = { 0 };

	request_ids_next(&all->ids, id);
	head_write(&answer, &(struct head){ .status = 431, .request_id = id });
	write_out(answer.data, answer.len);
	buf_free(&answer);
}

/* The request as FastCGI. Its body is not read: streams have none. */
static void pack_request(struct buf *out)
{
	struct buf params = { 0 }, name = { 0 };

	for (char **at = environ; *at; at++) {
		const char *value = strchr(*at, '=');

		if (!value)
			continue;
		name.len = 0;
		buf_add(&name, *at, (size_t)(value - *at));
		fastcgi_pair(&params, buf_text(&name), value + 1);
	}
	fastcgi_begin(out, REQUEST);
	fastcgi_write(out, FASTCGI_PARAMS, REQUEST, params.data, params.len);
	fastcgi_write(out, FASTCGI_PARAMS, REQUEST, NULL, 0);
	fastcgi_write(out, FASTCGI_STDIN, REQUEST, NULL, 0);
	buf_free(&params);
	buf_free(&name);
}

void cgi_serve(struct connections *all)
{
	struct relay relay = { .watch.ready = relay_ready };
	struct buf request = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       ends) < 0) {
		logger(LEVEL_ERROR, "cgi", "why=\"%s\"", strerror(errno));
		return;
	}
	pack_request(&request);
	if (request.len > REQUEST_LIMIT ||
	    write(ends[1], request.data, request.len) != (ssize_t)request.len) {
		refuse_large(all);
		close(ends[0]);
	} else {
		connection_accept(all, ends[0]);
		loop_watch(all->loop, &relay.watch, ends[1], EPOLLIN);
		while (!relay.over)
			loop_turn(all->loop, -1);
		loop_unwatch(all->loop, &relay.watch);
	}
	close(ends[1]);
	buf_free(&request);
	buf_free(&relay.in);
}
