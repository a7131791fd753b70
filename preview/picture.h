/* picture: shared by the parts of confab-preview. Readers of image formats pass
 * rows of pixels, which are scaled down to a small picture on the way. */
#ifndef CONFAB_PREVIEW_PICTURE_H
#define CONFAB_PREVIEW_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PICTURE_SIDE = 640,         /* pixels of a preview, at most */
	PICTURE_PIXELS = 120000000, /* of an image that is read */
	PICTURE_CHANNELS = 4        /* red, green, blue, alpha */
};

struct picture; /* a picture that is being scaled down */

/* Takes the header of an image: its stored size and its EXIF orientation (1 to
 * 8). Writes the displayed size at once, even if the rest fails later. False
 * when there are too many pixels. */
bool picture_open(struct picture *picture, unsigned width, unsigned height,
		  int orientation);

/* Sets the size of the rows to come: a reader may scale the image itself. */
void picture_rows(struct picture *picture, unsigned width, unsigned height);

/* Takes the next row, from the top. */
void picture_row(struct picture *picture, const unsigned char *rgba);

/* Each reads an image. False when it can't, or can't go on. */
bool jpeg_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool png_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool webp_read(struct picture *picture, const unsigned char *bytes, size_t len);

/* These read only the size and return false: there is no preview. */
bool gif_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool bmp_read(struct picture *picture, const unsigned char *bytes, size_t len);

/* Encodes a picture as WebP; pass it to free(). Returns 0 bytes on failure. */
size_t webp_write(const unsigned char *rgba, unsigned width, unsigned height,
		  unsigned char **out);

/* Loads the rules by which types are told. NULL, or the reason of a failure. */
const char *type_prepare(void);

/* The MIME type of a file, as libmagic calls it. Valid until the next call. */
const char *type_of(const unsigned char *bytes, size_t len);

/* From now on this process can only compute, write to open files, and end. */
void sandbox_enter(void);

#endif
