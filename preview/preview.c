/* confab-preview: reads the file on standard input and writes its MIME type as
 * a line to standard output; of an image also "WIDTH HEIGHT\n" and a small
 * picture (WebP). confab-media starts one per upload. The process has no files,
 * no network, 512 MiB and 5 s, so a faulty decoder can do little harm. The
 * status is 0 when there is a picture; on failure the type and the size may
 * still have been written.
 *
 * The picture holds only pixels: neither the place where it was taken, nor a
 * thumbnail that shows parts that were cropped. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command_line.h"
#include "picture.h"

struct picture {
	unsigned row_width, row_height; /* size of the incoming rows */
	unsigned width, height;         /* size of the picture */
	unsigned y;                     /* rows so far */
	int orientation;
	/* Sums for the row being made: colours weighted by alpha, alpha, and
	 * the number of pixels. */
	uint64_t (*sums)[PICTURE_CHANNELS + 1];
	unsigned char *pixels;
};

static void write_all(const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, at, len);

		if (n <= 0)
			_exit(EXIT_FAILURE);
		at += n;
		len -= (size_t)n;
	}
}

static bool is_turned(const struct picture *picture)
{
	return picture->orientation >= 5;
}

bool picture_open(struct picture *picture, unsigned width, unsigned height,
		  int orientation)
{
	char line[32];
	int len;

	picture->orientation =
		orientation >= 1 && orientation <= 8 ? orientation : 1;
	if (!width || !height || width > INT32_MAX || height > INT32_MAX)
		return false;
	len = snprintf(line, sizeof(line), "%u %u\n",
		       is_turned(picture) ? height : width,
		       is_turned(picture) ? width : height);
	write_all(line, (size_t)len);
	return (uint64_t)width * height <= PICTURE_PIXELS;
}

/* The size of a side of the picture: PICTURE_SIDE at most for the longer side,
 * the other in proportion. */
static unsigned fit_side(unsigned side, unsigned longer)
{
	unsigned fitted;

	if (longer <= PICTURE_SIDE)
		return side;
	fitted = (unsigned)((uint64_t)side * PICTURE_SIDE / longer);
	return fitted ? fitted : 1;
}

void picture_rows(struct picture *picture, unsigned width, unsigned height)
{
	unsigned longer = width > height ? width : height;

	picture->row_width = width;
	picture->row_height = height;
	picture->width = fit_side(width, longer);
	picture->height = fit_side(height, longer);
	picture->sums = calloc(picture->width, sizeof(*picture->sums));
	picture->pixels = calloc((size_t)picture->width * picture->height,
				 PICTURE_CHANNELS);
	if (!picture->sums || !picture->pixels)
		_exit(EXIT_FAILURE);
}

static unsigned char rounded_mean(uint64_t sum, uint64_t of)
{
	if (of == 0)
		return 0;
	return (unsigned char)((sum + of / 2) / of);
}

static void end_row(struct picture *picture, unsigned row)
{
	unsigned char *out = picture->pixels +
			     (size_t)row * picture->width * PICTURE_CHANNELS;

	for (unsigned x = 0; x < picture->width; x++) {
		const uint64_t *sum = picture->sums[x];

		for (int c = 0; c < 3; c++)
			*out++ = rounded_mean(sum[c], sum[3]);
		*out++ = rounded_mean(sum[3], sum[4]);
	}
	memset(picture->sums, 0, picture->width * sizeof(*picture->sums));
}

void picture_row(struct picture *picture, const unsigned char *rgba)
{
	unsigned row = (unsigned)((uint64_t)picture->y * picture->height /
				  picture->row_height);
	uint64_t next = (uint64_t)(picture->y + 1) * picture->height /
			picture->row_height;

	if (picture->y++ >= picture->row_height)
		return;
	for (unsigned x = 0; x < picture->row_width; x++) {
		uint64_t *sum = picture->sums[(uint64_t)x * picture->width /
					      picture->row_width];

		sum[0] += (unsigned)(rgba[0] * rgba[3]);
		sum[1] += (unsigned)(rgba[1] * rgba[3]);
		sum[2] += (unsigned)(rgba[2] * rgba[3]);
		sum[3] += rgba[3];
		sum[4]++;
		rgba += PICTURE_CHANNELS;
	}
	if (next > row)
		end_row(picture, row);
}

/* The index in the stored picture of a pixel of the upright one. */
static size_t source_index(const struct picture *p, unsigned x, unsigned y)
{
	unsigned right = p->width - 1, bottom = p->height - 1;
	unsigned sx = x, sy = y;

	switch (p->orientation) {
	case 2:
		sx = right - x;
		break;
	case 3:
		sx = right - x;
		sy = bottom - y;
		break;
	case 4:
		sy = bottom - y;
		break;
	case 5:
		sx = y;
		sy = x;
		break;
	case 6:
		sx = y;
		sy = bottom - x;
		break;
	case 7:
		sx = right - y;
		sy = bottom - x;
		break;
	case 8:
		sx = right - y;
		sy = x;
		break;
	default:
		break;
	}
	return ((size_t)sy * p->width + sx) * PICTURE_CHANNELS;
}

static bool write_picture(struct picture *picture)
{
	unsigned width = is_turned(picture) ? picture->height : picture->width;
	unsigned height = is_turned(picture) ? picture->width : picture->height;
	unsigned char *upright =
		malloc((size_t)width * height * PICTURE_CHANNELS);
	unsigned char *encoded = NULL, *out = upright;
	size_t len;

	if (!upright)
		return false;
	for (unsigned y = 0; y < height; y++)
		for (unsigned x = 0; x < width; x++) {
			memcpy(out,
			       picture->pixels + source_index(picture, x, y),
			       PICTURE_CHANNELS);
			out += PICTURE_CHANNELS;
		}
	len = webp_write(upright, width, height, &encoded);
	if (len > 0)
		write_all(encoded, len);
	free(upright);
	free(encoded);
	return len > 0;
}

/* Maps the whole file; NULL on failure. */
static const unsigned char *map_input(size_t *len)
{
	struct stat is;
	void *bytes;

	if (fstat(STDIN_FILENO, &is) != 0 || is.st_size <= 0)
		return NULL;
	*len = (size_t)is.st_size;
	bytes = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static bool read_image(struct picture *picture, const unsigned char *bytes,
		       size_t len)
{
	static const struct {
		const char *start;
		size_t len;
		bool (*read)(struct picture *picture,
			     const unsigned char *bytes, size_t len);
	} formats[] = {
		{ "\xff\xd8\xff", 3, jpeg_read },
		{ "\x89PNG\r\n", 6, png_read },
		{ "RIFF", 4, webp_read },
		{ "GIF8", 4, gif_read },
		{ "BM", 2, bmp_read },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (len >= formats[i].len &&
		    memcmp(bytes, formats[i].start, formats[i].len) == 0)
			return formats[i].read(picture, bytes, len);
	return false;
}

static void print_help(const struct command_line *line)
{
	printf("%s: tells the type of a file and makes a small picture of an "
	       "image\n\n"
	       "usage: %s < FILE > TYPE-AND-PICTURE\n"
	       "  -h       print this and exit\n"
	       "  -V       print the version and exit\n",
	       line->name, line->name);
}

static void read_command_line(int argc, char **argv)
{
	const struct command_line line = { .name = "confab-preview",
					   .letters = "+:",
					   .help = print_help,
					   .argc = argc,
					   .argv = argv };

	(void)command_line_option(&line);
	command_line_end(&line);
}

static void write_type(const unsigned char *bytes, size_t len)
{
	const char *type = type_of(bytes, len);

	write_all(type, strlen(type));
	write_all("\n", 1);
}

int main(int argc, char **argv)
{
	struct picture picture = { .orientation = 1 };
	const unsigned char *bytes;
	const char *why;
	bool made;
	size_t len;

	read_command_line(argc, argv);
	bytes = map_input(&len);
	if (!bytes) {
		fputs("confab-preview: standard input has to be a file that is "
		      "not empty\n",
		      stderr);
		return EXIT_FAILURE;
	}
	why = type_prepare();
	if (why) {
		fprintf(stderr, "confab-preview: the rules of libmagic: %s\n",
			why);
		return EXIT_FAILURE;
	}
	sandbox_enter();
	write_type(bytes, len);
	made = read_image(&picture, bytes, len) && write_picture(&picture);
	free(picture.sums);
	free(picture.pixels);
	_exit(made ? EXIT_SUCCESS : EXIT_FAILURE);
}
