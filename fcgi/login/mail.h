/* mail: hands a message to the operator's mail command. */
#ifndef CONFAB_FCGI_LOGIN_MAIL_H
#define CONFAB_FCGI_LOGIN_MAIL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text is one plain address: ASCII, one @, and nothing that could add
 * another recipient or a header line. */
bool mail_is_address(const char *text);

/* Runs command (words parted by blanks; no shell) with the message, at most 64
 * KiB, on its standard input, and does not wait for it. It has a minute. What
 * goes wrong is logged by the process that looks after it. */
void mail_send(const char *command, const char *message, size_t len);

#endif
