/* filetype: the type of a file, by its content. The only module that sees
 * libmagic. */
#ifndef CONFAB_FCGI_MEDIA_FILETYPE_H
#define CONFAB_FCGI_MEDIA_FILETYPE_H

#include <stdbool.h>

struct filetype; /* the rules, loaded once per process */

/* Loads libmagic's rules. NULL on failure, with the reason in *why. */
struct filetype *filetype_open(const char **why);
void filetype_close(struct filetype *filetype);

/* The MIME type of an open file, under the protocol's name if it has one. This
 * does not decide whether the file may be sent. Content alone decides, except
 * among types of the same content (text/csv is plain text), where the extension
 * does. Valid until the next call. */
const char *filetype_find(struct filetype *filetype, int fd,
			  const char *extension);

/* "image", "video", "audio" or "file". declared: the client's type, or NULL;
 * for a container that can hold sound or pictures, it decides. */
const char *filetype_kind(const char *mime_type, const char *declared);

/* Whether a browser may show it beside our pages: raster images, sound, video.
 * Never a type that can hold a script. */
bool filetype_is_shown(const char *mime_type);

#endif
