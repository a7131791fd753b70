/* config: the options of all programs, from one file and the environment. */
#ifndef CONFAB_BASE_CONFIG_H
#define CONFAB_BASE_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/logger.h"

struct config {
	char *database;        /* libpq conninfo */
	char *run_dir;         /* sockets live here */
	char *mount;           /* URL prefix, such as "/chat/" */
	char *direct_people;   /* paths of one-to-one messages by plain HTTP, */
	char *direct_messages; /* below mount or with a slash at the start; */
	char *direct_thread;   /* "": none */
	char *direct_sockets;  /* such paths, space-separated */
	char *allowed_origins; /* space-separated, besides the same origin */
	char *trusted_proxies; /* addresses, space-separated */
	char *jwt_keys;        /* list of the host application's keys, or "" */
	char *jwks_url;        /* for confab jwks, or "" */
	char *jwt_issuer;      /* expected iss; "": not checked */
	char *jwt_audience;    /* expected aud; "": not checked */
	char *jwt_subject;     /* claim that names the user */
	char *mail_command;    /* is given a message; "": no password resets */
	char *reset_url;       /* the page for a new password */
	char *media_dir;       /* uploads live here */
	char *sendfile;        /* none, x-sendfile or x-accel-redirect */
	char *sendfile_prefix; /* where the web server has media_dir */
	char *listen;          /* ADDRESS:PORT of confab-bridge, or "" */
	char *tls_certificate; /* files in PEM for it; "": no TLS */
	char *tls_key;
	char *log_level;           /* error, warn, info or debug */
	int trust_remote_user;     /* 1: REMOTE_USER names the user */
	int login_attempts;        /* failures before a pause; 0: no limit, */
	int address_attempts;      /* by account and address, by address */
	int address_logins;        /* all, per address and window; 0: off */
	int address_registrations; /* per address and window; 0: off */
	int attempt_window;        /* s */
	int command_workers;       /* processes of confab-command */
	int session_workers;       /* processes of confab-session */
	int media_workers;         /* processes of confab-media */
	int media_max_size;        /* MiB for one upload */
	int media_quota;           /* MiB for the uploads of one account */
	int media_timeout;         /* s an upload or a download may take */
	int media_collect;         /* s between searches for unused files */
	int max_body;              /* bytes of one command */
	int max_depth;             /* nesting of its JSON */
	int doorbell_interval;     /* ms between notifications of one host */
	int heartbeat;             /* s between heartbeats of a stream */
	int max_streams;           /* per delivering process */
	int stream_queue;          /* bytes queued for one stream */
	int window;                /* bytes of recent dispatches kept */
	int cgi_wait;              /* s that a poll waits under CGI */
	int cgi_waiters;           /* that wait at a time under CGI */
	int cgi_address_waiters;   /* of these of one address */
	int request_timeout;       /* s to receive a request or open a stream */
	int stall_timeout;   /* s without progress before a slow stream ends */
	int account_work;    /* ms of the database in a minute; 0: any number */
	int account_streams; /* for one account, per delivering process */
	int account_commands; /* for one account at a time */
	int waiting_commands; /* from WebSockets, waiting for a worker */
	int command_queue;    /* connections waiting for a worker */
	int rate_limits;      /* 0: none of the following */
	int rate_send;        /* commands a minute for one account: sending, */
	int rate_receipt;     /* reading, reacting, typing, */
	int rate_room;        /* rooms, */
	int rate_search;      /* searching, */
	int rate_other;       /* the rest */
	int rate_address;     /* and all commands from one address */
	bool replace;         /* -r: replace the running program */
};

/* Reads the defaults, then the file (NULL: none), then CONFAB_* variables.
 * Unknown names are errors. False on an error; why then names the line or the
 * variable in a sentence, and out is unchanged. */
bool config_load(struct config *out, const char *path, struct buf *why)
	__attribute__((warn_unused_result));

void config_free(struct config *config);

/* The file to read when -c names none: $CONFAB_CONFIG, else
 * etc/confab/confab.conf below the prefix of the program or, when there is
 * none, at the root; NULL when there is neither. Valid until the next call. */
const char *config_default_path(void);

enum logger_level config_log_level(const struct config *config);

/* Prints each option with its meaning and default to stdout. */
void config_print_options(void);

#endif
