/* config: the options of all programs, from one file and the environment. */
#ifndef CONFAB_BASE_CONFIG_H
#define CONFAB_BASE_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"

struct config {
	char *database;        /* libpq conninfo without user */
	char *run_dir;         /* sockets live here */
	char *mount;           /* URL prefix, "/chat/" */
	char *allowed_origins; /* space-separated, besides the same origin */
	char *jwt_keys;        /* list of the host application's keys, or "" */
	char *jwt_issuer;      /* its iss, "": not checked */
	char *jwt_audience;    /* its aud, "": not checked */
	char *jwt_subject;     /* the claim that says who it is */
	char *mail_command;    /* takes a message; "": no password resets */
	char *reset_url;       /* of the page for a new password */
	char *media_dir;       /* uploads live here */
	char *sendfile;        /* none, x-sendfile or x-accel-redirect */
	char *sendfile_prefix; /* where the web server has media_dir */
	char *log_level;       /* error, warn, info or debug */
	int trust_remote_user; /* 1: REMOTE_USER says who it is */
	int login_attempts;    /* failed without a pause; 0: any number, */
	int address_attempts;  /* by account and address, by address */
	int address_logins;    /* all, per address and window; 0: off */
	int address_registrations; /* per address and window; 0: off */
	int attempt_window;        /* s */
	int command_workers;       /* processes of confab-command */
	int session_workers;       /* processes of confab-session */
	int media_workers;         /* processes of confab-media */
	int media_max_size;        /* MiB of one upload */
	int media_quota;           /* MiB of one account's uploads */
	int media_timeout;         /* s an upload or a download may take */
	int media_collect;         /* s between looking for what can go */
	int max_body;              /* bytes of one command */
	int max_depth;             /* nesting of its JSON */
	int doorbell_interval;     /* ms between rings of one host */
	int heartbeat;             /* s between heartbeats of a stream */
	int max_streams;           /* per delivering process */
	int stream_queue;          /* bytes that may wait for one stream */
	int window;                /* bytes of recent dispatches kept */
	int request_timeout;  /* s for a request to arrive, a stream to open */
	int stall_timeout;    /* s without progress before a slow stream ends */
	int account_streams;  /* of one account, per delivering process */
	int account_commands; /* of one account at a time */
	int waiting_commands; /* of WebSockets, that wait for a worker */
	int command_queue;    /* connections that wait for a worker */
	int rate_limits;      /* 0: none of the following */
	int rate_send;        /* commands a minute of one account: sending, */
	int rate_receipt;     /* reading, reacting, typing, */
	int rate_room;        /* rooms, */
	int rate_search;      /* searching, */
	int rate_other;       /* the rest */
	int rate_address;     /* and all from one address */
	bool replace;         /* -r: take the place of the one that runs */
};

/* Defaults, then the file (NULL: none), then CONFAB_* variables. False with a
 * sentence that names the line or variable in why; out is then untouched. */
bool config_load(struct config *out, const char *path, struct buf *why)
	__attribute__((warn_unused_result));

void config_free(struct config *config);

/* The file that -c did not name: $CONFAB_CONFIG, else /etc/confab/confab.conf
 * if there is one, else NULL. */
const char *config_default_path(void);

/* The command line all programs share: -c FILE -n -r -h -V. Opens the logger,
 * loads the configuration, and exits itself for -h, -V, -n and errors. Under
 * CGI the command line is a stranger's and ignored. */
void config_main(struct config *out, const char *program, const char *purpose,
		 int argc, char **argv);

#endif
