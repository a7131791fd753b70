/* filetype: the types of files as the protocol names them. confab-preview tells
 * them by the content. */
#ifndef CONFAB_FCGI_MEDIA_FILETYPE_H
#define CONFAB_FCGI_MEDIA_FILETYPE_H

#include <stdbool.h>

/* The protocol's name of a type that libmagic has found, or type itself. This
 * does not decide whether the file may be sent. Content alone decides, except
 * among types of the same content (text/csv is plain text), where the extension
 * does. */
const char *filetype_name(const char *type, const char *extension);

/* "image", "video", "audio" or "file". declared: the client's type, or NULL;
 * for a container that can hold sound or pictures, it decides. */
const char *filetype_kind(const char *mime_type, const char *declared);

/* Whether a browser may show it beside our pages: raster images, sound, video.
 * Never a type that can hold a script. */
bool filetype_is_shown(const char *mime_type);

#endif
