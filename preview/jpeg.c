/* jpeg: reads JPEG images for confab-preview, with libjpeg-turbo. The only
 * module that sees it. It scales large images while it decodes them, at a
 * fraction of the cost of decoding them whole. */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "picture.h"

struct failing {
	struct jpeg_error_mgr base; /* first: libjpeg knows only this member */
	jmp_buf out;
};

static void abort_decoding(j_common_ptr common)
{
	struct failing *failing = (struct failing *)(void *)common->err;

	longjmp(failing->out, 1);
}

static void say_nothing(j_common_ptr common, int level)
{
	(void)common;
	(void)level;
}

static unsigned read_number(const unsigned char *at, unsigned bytes, bool big)
{
	unsigned value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | at[big ? i : bytes - 1 - i];
	return value;
}

/* The tag Orientation (0x0112) in the first directory of a TIFF, or 1. */
static int tiff_orientation(const unsigned char *tiff, size_t len)
{
	unsigned count, at;
	bool big;

	if (len < 8)
		return 1;
	big = tiff[0] == 'M';
	at = read_number(tiff + 4, 4, big);
	if (at > len - 2)
		return 1;
	count = read_number(tiff + at, 2, big);
	at += 2;
	for (; count > 0 && len - at >= 12; count--, at += 12)
		if (read_number(tiff + at, 2, big) == 0x0112)
			return (int)read_number(tiff + at + 8, 2, big);
	return 1;
}

static int exif_orientation(const struct jpeg_decompress_struct *jpeg)
{
	static const char exif[] = "Exif\0";
	const struct jpeg_marker_struct *marker = jpeg->marker_list;

	for (; marker; marker = marker->next)
		if (marker->marker == JPEG_APP0 + 1 &&
		    marker->data_length > sizeof(exif) &&
		    memcmp(marker->data, exif, sizeof(exif)) == 0)
			return tiff_orientation(marker->data + sizeof(exif),
						marker->data_length -
							sizeof(exif));
	return 1;
}

/* The largest of 1/8, 1/4 and 1/2 that leaves enough pixels for a preview. */
static unsigned choose_reduction(unsigned longer)
{
	unsigned by = 8;

	while (by > 1 && longer / by < PICTURE_SIDE)
		by /= 2;
	return by;
}

static void read_rows(struct picture *picture,
		      struct jpeg_decompress_struct *jpeg)
{
	unsigned char *row = (*jpeg->mem->alloc_small)(
		(j_common_ptr)jpeg, JPOOL_IMAGE,
		(size_t)jpeg->output_width * PICTURE_CHANNELS);

	picture_rows(picture, jpeg->output_width, jpeg->output_height);
	while (jpeg->output_scanline < jpeg->output_height) {
		jpeg_read_scanlines(jpeg, &row, 1);
		picture_row(picture, row);
	}
}

bool jpeg_read(struct picture *picture, const unsigned char *bytes, size_t len)
{
	struct jpeg_decompress_struct jpeg;
	struct failing failing;
	unsigned longer;

	jpeg.err = jpeg_std_error(&failing.base);
	failing.base.error_exit = abort_decoding;
	failing.base.emit_message = say_nothing;
	/* Nothing is freed here: the process ends soon. */
	if (setjmp(failing.out))
		return false;
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, bytes, len);
	jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xffff);
	jpeg_read_header(&jpeg, TRUE);
	if (!picture_open(picture, jpeg.image_width, jpeg.image_height,
			  exif_orientation(&jpeg)))
		return false;
	longer = jpeg.image_width > jpeg.image_height ? jpeg.image_width
						      : jpeg.image_height;
	jpeg.scale_num = 1;
	jpeg.scale_denom = choose_reduction(longer);
	jpeg.out_color_space = JCS_EXT_RGBA;
	jpeg_start_decompress(&jpeg);
	read_rows(picture, &jpeg);
	jpeg_destroy_decompress(&jpeg);
	return true;
}
