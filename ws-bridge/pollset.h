/* pollset: takes the place of poll(2) for libwebsockets, whose Debian build can
 * do nothing else and asks about every connection each time it wakes. */
#ifndef CONFAB_WS_BRIDGE_POLLSET_H
#define CONFAB_WS_BRIDGE_POLLSET_H

/* To be called with each descriptor that libwebsockets is about to be given:
 * its number may be that of one that has been closed. */
void pollset_forget(int fd);

#endif
