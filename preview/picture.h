/* picture: what the parts of confab-preview share: readers of image formats
 * give rows of pixels, and a small picture is made of them on the way. */
#ifndef CONFAB_PREVIEW_PICTURE_H
#define CONFAB_PREVIEW_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PICTURE_SIDE = 640,         /* pixels of a preview, at most */
	PICTURE_PIXELS = 120000000, /* of an image that is read */
	PICTURE_CHANNELS = 4        /* red, green, blue, alpha */
};

struct picture; /* on its way to being small */

/* What is known from the header of an image: its size as it is stored, and its
 * EXIF orientation (1 to 8). The size as it is shown goes out at once, whatever
 * becomes of the rest. False when there are too many pixels. */
bool picture_open(struct picture *picture, unsigned width, unsigned height,
		  int orientation);

/* How the rows will come: a reader may make the image smaller itself. */
void picture_rows(struct picture *picture, unsigned width, unsigned height);

/* The next row, from the top. */
void picture_row(struct picture *picture, const unsigned char *rgba);

/* Each reads an image; false when it can't, or can't go on. */
bool jpeg_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool png_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool webp_read(struct picture *picture, const unsigned char *bytes, size_t len);

/* Only their size is read. False: there is no preview of these. */
bool gif_read(struct picture *picture, const unsigned char *bytes, size_t len);
bool bmp_read(struct picture *picture, const unsigned char *bytes, size_t len);

/* A picture as WebP, to be given to free(); 0 bytes when that fails. */
size_t webp_write(const unsigned char *rgba, unsigned width, unsigned height,
		  unsigned char **out);

/* From now on this process can compute, write to what is open, and end. */
void sandbox_enter(void);

#endif
