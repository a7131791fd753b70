/* mail: passes a message to the operator's mail command. */
#ifndef CONFAB_FCGI_LOGIN_MAIL_H
#define CONFAB_FCGI_LOGIN_MAIL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text is one plain address: ASCII, one @, and no character that could
 * add a recipient or a header line. */
bool mail_is_address(const char *text);

/* Runs command (words separated by blanks; no shell) with the message, at most
 * 64 KiB, on standard input. Does not wait for it; it has one minute. The
 * process that looks after it logs failures. */
void mail_send(const char *command, const char *message, size_t len);

#endif
