/* port: see port.h. Stateless. */
#include "base/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_number(const char *port)
{
	char *end;
	long number = strtol(port, &end, 10);

	return *port >= '0' && *port <= '9' && !*end && number > 0 &&
	       number <= 65535;
}

/* The socket address of ADDRESS:PORT; NULL for anything else. The caller frees
 * it with freeaddrinfo(). */
static struct addrinfo *find_address(const char *where)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
						    AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(where, ':');
	struct addrinfo *found = NULL;
	char host[64];
	size_t len = colon ? (size_t)(colon - where) : 0;

	if (len < 2 || len >= sizeof(host) || !is_number(colon + 1))
		return NULL;
	if (*where == '[' && where[len - 1] == ']') {
		where++;
		len -= 2;
	} else if (memchr(where, ':', len)) {
		return NULL;
	}
	memcpy(host, where, len);
	host[len] = '\0';
	return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

bool port_is_valid(const char *where)
{
	struct addrinfo *address = find_address(where);

	if (!address)
		return false;
	freeaddrinfo(address);
	return true;
}

bool port_is_free(const char *where)
{
	struct addrinfo *address = find_address(where);
	const int on = 1;
	bool is_free;
	int fd;

	if (!address)
		return false;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	is_free = fd >= 0 &&
		  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
			  0 &&
		  bind(fd, address->ai_addr, address->ai_addrlen) == 0;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(address);
	return is_free;
}

int port_open(const char *where, int backlog, struct buf *why)
{
	struct addrinfo *address = find_address(where);
	int fd = -1;
	const int on = 1;

	if (address)
		fd = socket(address->ai_family,
			    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	     setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
	     bind(fd, address->ai_addr, address->ai_addrlen) < 0 ||
	     listen(fd, backlog) < 0)) {
		buf_addf(why, "can't listen at %s: %s", where, strerror(errno));
		close(fd);
		fd = -1;
	} else if (fd < 0) {
		buf_addf(why, "can't listen at %s: %s", where,
			 address ? strerror(errno) : "not ADDRESS:PORT");
	}
	if (address)
		freeaddrinfo(address);
	return fd;
}

void port_peer(int fd, char out[64])
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	*out = '\0';
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&peer, len, out, 64, NULL, 0,
			NI_NUMERICHOST) == 0)
		out[strcspn(out, "%")] = '\0';
}
