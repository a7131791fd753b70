/* webp: reads WebP images for confab-preview and writes its pictures, with
 * libwebp. The only module that sees it. */
#include <stdlib.h>

#include <webp/decode.h>
#include <webp/encode.h>

#include "picture.h"

static const float QUALITY = 75;

bool webp_read(struct picture *picture, const unsigned char *bytes, size_t len)
{
	WebPBitstreamFeatures is;
	unsigned char *rgba;
	int width, height;

	if (WebPGetFeatures(bytes, len, &is) != VP8_STATUS_OK ||
	    !picture_open(picture, (unsigned)is.width, (unsigned)is.height, 1))
		return false;
	/* An animation is not read. */
	rgba = WebPDecodeRGBA(bytes, len, &width, &height);
	if (!rgba)
		return false;
	picture_rows(picture, (unsigned)width, (unsigned)height);
	for (int y = 0; y < height; y++)
		picture_row(picture, rgba + (size_t)y * (size_t)width *
						     PICTURE_CHANNELS);
	WebPFree(rgba);
	return true;
}

size_t webp_write(const unsigned char *rgba, unsigned width, unsigned height,
		  unsigned char **out)
{
	return WebPEncodeRGBA(rgba, (int)width, (int)height,
			      (int)width * PICTURE_CHANNELS, QUALITY, out);
}
