/* size: reads the size of images that get no preview. A still of an animation
 * would hide that it moves: clients show the GIF itself. */
#include <stdlib.h>

#include "picture.h"

enum {
	GIF_HEAD = 10,
	BMP_HEAD = 26,
	BMP_CORE = 12, /* bytes of the oldest header, with two-byte sizes */
};

static unsigned read_number(const unsigned char *at, unsigned bytes)
{
	unsigned value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

bool gif_read(struct picture *picture, const unsigned char *bytes, size_t len)
{
	if (len >= GIF_HEAD)
		picture_open(picture, read_number(bytes + 6, 2),
			     read_number(bytes + 8, 2), 1);
	return false;
}

bool bmp_read(struct picture *picture, const unsigned char *bytes, size_t len)
{
	int height;

	if (len < BMP_HEAD)
		return false;
	if (read_number(bytes + 14, 4) == BMP_CORE) {
		picture_open(picture, read_number(bytes + 18, 2),
			     read_number(bytes + 20, 2), 1);
	} else {
		/* A negative height means that rows start at the top. */
		height = (int)read_number(bytes + 22, 4);
		picture_open(picture, read_number(bytes + 18, 4),
			     height < 0 ? 0U - (unsigned)height
					: (unsigned)height,
			     1);
	}
	return false;
}
