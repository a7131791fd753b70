/* filetype: what a file is, by its content. The only module that sees libmagic.
 */
#ifndef CONFAB_FCGI_MEDIA_FILETYPE_H
#define CONFAB_FCGI_MEDIA_FILETYPE_H

#include <stdbool.h>

struct filetype; /* the rules, loaded once per process */

/* NULL when libmagic's rules can't be loaded; why says why then. */
struct filetype *filetype_open(const char **why);
void filetype_close(struct filetype *filetype);

/* The MIME type of an open file, under the protocol's name where it has one:
 * whether it may be sent is not decided here. Content alone decides, but for
 * types whose content is the same (text/csv is plain text); there the extension
 * chooses among them. Valid until the next call. */
const char *filetype_find(struct filetype *filetype, int fd,
			  const char *extension);

/* "image", "video", "audio" or "file". declared: what the client called it, or
 * NULL; of a container that can hold either, it tells sound from pictures. */
const char *filetype_kind(const char *mime_type, const char *declared);

/* Whether a browser may show it beside our pages: raster images, sound, video.
 * Nothing that can hold a script. */
bool filetype_is_shown(const char *mime_type);

#endif
