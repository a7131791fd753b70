/* png: reads PNG images for confab-preview, with libpng. The only module that
 * sees it. It reads row by row, so memory does not grow with the image. An
 * interlaced image has to be read whole. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "picture.h"

enum {
	CHUNK_LIMIT = 8388608, /* bytes of text and profiles */
	SIDE_LIMIT = 65535,
};

struct input {
	const unsigned char *at;
	size_t left;
};

static void read_input(png_structp png, png_bytep out, size_t len)
{
	struct input *input = png_get_io_ptr(png);

	if (len > input->left)
		png_error(png, "cut off");
	memcpy(out, input->at, len);
	input->at += len;
	input->left -= len;
}

static void say_nothing(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static _Noreturn void abort_decoding(png_structp png, png_const_charp text)
{
	(void)text;
	png_longjmp(png, 1);
}

/* Whatever the stored format, four bytes a pixel come out. */
static void as_rgba(png_structp png)
{
	png_set_expand(png);
	png_set_scale_16(png);
	png_set_gray_to_rgb(png);
	png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
}

static void read_rows(struct picture *picture, png_structp png, png_infop info)
{
	unsigned height = png_get_image_height(png, info);
	int passes = png_set_interlace_handling(png);
	size_t row;
	unsigned char *rows;

	png_read_update_info(png, info);
	row = png_get_rowbytes(png, info);
	rows = calloc(passes > 1 ? height : 1, row);
	if (!rows ||
	    row != (size_t)png_get_image_width(png, info) * PICTURE_CHANNELS)
		png_error(png, "no memory");
	picture_rows(picture, png_get_image_width(png, info), height);
	for (int pass = 0; pass < passes - 1; pass++)
		for (unsigned y = 0; y < height; y++)
			png_read_row(png, rows + y * row, NULL);
	for (unsigned y = 0; y < height; y++) {
		unsigned char *at = passes > 1 ? rows + y * row : rows;

		png_read_row(png, at, NULL);
		picture_row(picture, at);
	}
	free(rows);
}

bool png_read(struct picture *picture, const unsigned char *bytes, size_t len)
{
	struct input input = { .at = bytes, .left = len };
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL,
						 abort_decoding, say_nothing);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	/* Nothing is freed here: the process ends soon. */
	if (!info || setjmp(png_jmpbuf(png)))
		return false;
	png_set_read_fn(png, &input, read_input);
	png_set_user_limits(png, SIDE_LIMIT, SIDE_LIMIT);
	png_set_chunk_malloc_max(png, CHUNK_LIMIT);
	png_read_info(png, info);
	if (!picture_open(picture, png_get_image_width(png, info),
			  png_get_image_height(png, info), 1))
		return false;
	as_rgba(png);
	read_rows(picture, png, info);
	return true;
}
