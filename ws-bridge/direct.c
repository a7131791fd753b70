/* direct: see direct.h. Called by main() and socket.c. */
#include "direct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container.h"
#include "base/logger.h"
#include "base/port.h"
#include "socket.h"
#include "tls.h"

enum {
	BACKLOG = 4096,
	/* Handshakes of one network at a time. Many people may share an
	 * address. */
	MOST_UNDER_WAY = 128
};

static _Noreturn void die(struct buf *why)
{
	fprintf(stderr, "confab-bridge: %s\n", buf_text(why));
	exit(EXIT_FAILURE);
}

void direct_open(struct direct *direct, const struct config *config)
{
	struct buf why = { 0 };
	bool has_certificate = *config->tls_certificate;

	*direct = (struct direct){ .config = config, .fd = -1 };
	address_budget_init(&direct->addresses, config);
	if (!*config->listen)
		return;
	if (has_certificate != !!*config->tls_key) {
		buf_addf(&why, "%s is set without %s",
			 has_certificate ? "tls_certificate" : "tls_key",
			 has_certificate ? "tls_key" : "tls_certificate");
		die(&why);
	}
	if (has_certificate) {
		direct->tls = tls_load(config->tls_certificate, config->tls_key,
				       &why);
		if (!direct->tls)
			die(&why);
	}
	/* Two sites would share it, and each get some of both's clients. */
	if (!config->replace && !port_is_free(config->listen)) {
		buf_addf(&why,
			 "can't listen at %s: another program does, or it is "
			 "not an address of this machine",
			 config->listen);
		die(&why);
	}
	direct->fd = port_open(config->listen, BACKLOG, &why);
	if (direct->fd < 0)
		die(&why);
}

static void accept_connection(struct acceptor *acceptor, int fd)
{
	struct direct *direct = container_of(acceptor, struct direct, acceptor);
	char address[64];
	int bucket;

	port_peer(fd, address);
	bucket = (int)(address_budget_key(&direct->addresses, address) %
		       DIRECT_BUCKETS);
	if (direct->under_way[bucket] == MOST_UNDER_WAY) {
		close(fd);
		return;
	}
	direct->under_way[bucket]++;
	socket_accept(direct->sockets, fd, direct, bucket);
}

void direct_leave(struct direct *direct, int bucket)
{
	direct->under_way[bucket]--;
}

void direct_start(struct direct *direct, struct sockets *sockets)
{
	if (direct->fd < 0)
		return;
	direct->sockets = sockets;
	direct->acceptor.accepted = accept_connection;
	acceptor_start(&direct->acceptor, sockets->loop, direct->fd);
	logger(LEVEL_INFO, "listen", "at=\"%s\" tls=%s", direct->config->listen,
	       direct->tls ? "yes" : "no");
}

void direct_reload(struct direct *direct)
{
	const struct config *config = direct->config;
	struct buf why = { 0 };
	struct ssl_ctx_st *tls;

	if (!direct->tls)
		return;
	tls = tls_load(config->tls_certificate, config->tls_key, &why);
	if (tls) {
		tls_free(direct->tls);
		direct->tls = tls;
		logger(LEVEL_INFO, "reload", "certificate=\"%s\"",
		       config->tls_certificate);
	} else {
		logger(LEVEL_ERROR, "reload",
		       "why=\"%s\" advice=\"the certificate before stays\"",
		       buf_text(&why));
	}
	buf_free(&why);
}

void direct_stop(struct direct *direct)
{
	acceptor_stop(&direct->acceptor);
	if (direct->fd >= 0)
		close(direct->fd);
	direct->fd = -1;
}

void direct_free(struct direct *direct)
{
	direct_stop(direct);
	tls_free(direct->tls);
}
