/* link: see link.h. Called by socket.c, which owns it. */
#include "link.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void link_open(struct link *link, int fd, SSL_CTX *tls)
{
	*link = (struct link){ .fd = fd };
	if (!tls)
		return;
	link->tls = SSL_new(tls);
	if (!link->tls || SSL_set_fd(link->tls, fd) != 1)
		abort(); /* out of memory */
	SSL_set_accept_state(link->tls);
}

/* Translates the result of a TLS call into that of a system call. */
static ssize_t as_system_call(struct link *link, int n)
{
	int error;

	link->wants_out = false;
	if (n > 0)
		return n;
	error = SSL_get_error(link->tls, n);
	ERR_clear_error();
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	link->wants_out = error == SSL_ERROR_WANT_WRITE;
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
			? EAGAIN
			: EPIPE;
	return -1;
}

/* One call of OpenSSL takes or gives a record, 16 KiB at most. */
static int record_length(size_t len)
{
	return (int)(len < SSL3_RT_MAX_PLAIN_LENGTH ? len
						    : SSL3_RT_MAX_PLAIN_LENGTH);
}

ssize_t link_read(struct link *link, char *to, size_t len)
{
	if (!link->tls)
		return read(link->fd, to, len);
	return as_system_call(link,
			      SSL_read(link->tls, to, record_length(len)));
}

ssize_t link_write(struct link *link, const char *bytes, size_t len)
{
	ssize_t n = 1;
	size_t sent = 0;

	if (!link->tls)
		return send(link->fd, bytes, len, MSG_NOSIGNAL);
	while (sent < len && n > 0) {
		n = as_system_call(link, SSL_write(link->tls, bytes + sent,
						   record_length(len - sent)));
		link->wants_out = false; /* the caller waits for that anyway */
		if (n > 0)
			sent += (size_t)n;
	}
	return sent ? (ssize_t)sent : n;
}

void link_end(struct link *link)
{
	if (link->tls && SSL_is_init_finished(link->tls) &&
	    SSL_shutdown(link->tls) < 0)
		ERR_clear_error();
	shutdown(link->fd, SHUT_WR);
}

void link_close(struct link *link)
{
	SSL_free(link->tls);
	close(link->fd);
}
