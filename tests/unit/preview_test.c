/* confab-preview: the picture is upright and has the right colours. Images made
 * to do harm end in time and within bounds. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

#include "cmocka_tap.h"

enum {
	WIDTH = 80,
	HEIGHT = 40,
	OUTPUT = 1 << 20
};

/* The outcome of a run. */
struct result {
	int status;
	char type[64];
	int width, height; /* as the program reports them */
	unsigned char *rgba;
	int preview_width, preview_height;
	long memory; /* KiB, the largest of any child so far */
};

static FILE *scratch(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	return file;
}

/* Starts the program. Returns the reading end of its output. */
static int start(FILE *image, pid_t *pid)
{
	const char *build = getenv("BUILD");
	char path[128];
	int ends[2];

	snprintf(path, sizeof(path), "build/%s/confab-preview",
		 build ? build : "release");
	fflush(image);
	assert_int_equal(pipe(ends), 0);
	*pid = fork();
	if (*pid == 0) {
		dup2(fileno(image), STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execl(path, path, (char *)NULL);
		_exit(99);
	}
	close(ends[1]);
	return ends[0];
}

static struct result preview(FILE *image)
{
	struct result out = { 0 };
	unsigned char *output = calloc(1, OUTPUT);
	struct rusage usage;
	size_t len = 0, head;
	const unsigned char *line;
	int from, status;
	ssize_t n;
	pid_t pid;

	from = start(image, &pid);
	while ((n = read(from, output + len, OUTPUT - 1 - len)) > 0)
		len += (size_t)n;
	close(from);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	out.status = status;
	sscanf((char *)output, "%63s %d %d", out.type, &out.width, &out.height);
	line = memchr(output, '\n', len);
	line = line ? memchr(line + 1, '\n', len - (size_t)(line + 1 - output))
		    : NULL;
	head = line ? (size_t)(line + 1 - output) : 0;
	if (status == 0)
		out.rgba =
			WebPDecodeRGBA(output + head, len - head,
				       &out.preview_width, &out.preview_height);
	getrusage(RUSAGE_CHILDREN, &usage);
	out.memory = usage.ru_maxrss;
	free(output);
	fclose(image);
	return out;
}

static bool noisy; /* fill() has no pattern */

/* Fills by quarter: red, green; blue, white. */
static void fill(unsigned char *rgb, int x, int y, int width, int height)
{
	bool right = x >= width / 2, bottom = y >= height / 2;

	if (noisy) {
		right = rand() % 2;
		bottom = rand() % 2;
	}
	rgb[0] = right == bottom && (right || !bottom) ? 255 : 0;
	rgb[1] = right ? 255 : 0;
	rgb[2] = bottom ? 255 : 0;
}

/* Writes an Exif block with only the orientation, big-endian. */
static void write_orientation(struct jpeg_compress_struct *jpeg, int value)
{
	unsigned char exif[] = { 'E', 'x', 'i', 'f', 0, 0, 'M',  'M', 0, 42, 0,
				 0,   0,   8,   0,   1, 1, 0x12, 0,   3, 0,  0,
				 0,   1,   0,   0,   0, 0, 0,    0,   0, 0 };

	exif[25] = (unsigned char)value;
	jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
}

static FILE *jpeg(int width, int height, int orientation, bool progressive)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr error;
	unsigned char *row = malloc((size_t)width * 3);
	FILE *file = scratch();

	c.err = jpeg_std_error(&error);
	jpeg_create_compress(&c);
	jpeg_stdio_dest(&c, file);
	c.image_width = (JDIMENSION)width;
	c.image_height = (JDIMENSION)height;
	c.input_components = 3;
	c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&c);
	if (progressive)
		jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	if (orientation)
		write_orientation(&c, orientation);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++)
			fill(row + 3 * (size_t)x, x, y, width, height);
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	free(row);
	return file;
}

/* The colour of a pixel as one letter. */
static char colour(const struct result *r, int x, int y)
{
	const unsigned char *p = r->rgba + 4 * (y * r->preview_width + x);
	int red = p[0] > 128, green = p[1] > 128, blue = p[2] > 128;

	return "kbgcrmyw"[red * 4 + green * 2 + blue];
}

/* Expects these corners, clockwise from the upper left. */
static void assert_corners(const struct result *r, const char *expected)
{
	int right = r->preview_width - 4, bottom = r->preview_height - 4;
	const char seen[] = { colour(r, 3, 3), colour(r, right, 3),
			      colour(r, right, bottom), colour(r, 3, bottom),
			      '\0' };

	assert_string_equal(seen, expected);
}

static void is_upright(void **state)
{
	/* By orientation; 0: none. */
	static const char *const seen[] = { "rgwb", "rgwb", "grbw",
					    "wbrg", "bwgr", "rbwg",
					    "brgw", "wgrb", "gwbr" };

	(void)state;
	for (int orientation = 0; orientation <= 8; orientation++) {
		struct result r = preview(
			jpeg(WIDTH, HEIGHT, orientation, orientation % 2));
		bool turned = orientation >= 5;

		assert_int_equal(r.status, 0);
		assert_int_equal(r.width, turned ? HEIGHT : WIDTH);
		assert_int_equal(r.height, turned ? WIDTH : HEIGHT);
		assert_int_equal(r.preview_width, r.width);
		assert_int_equal(r.preview_height, r.height);
		assert_corners(&r, seen[orientation]);
		WebPFree(r.rgba);
	}
}

static void is_small(void **state)
{
	struct result r = preview(jpeg(4000, 3000, 6, false));

	(void)state;
	assert_int_equal(r.status, 0);
	assert_int_equal(r.width, 3000);
	assert_int_equal(r.height, 4000);
	assert_int_equal(r.preview_width, 480);
	assert_int_equal(r.preview_height, 640);
	assert_corners(&r, "brgw");
	WebPFree(r.rgba);
}

/* Makes an empty PNG. Unless it is whole, it is cut where its pixels begin. */
static FILE *png(unsigned width, unsigned height, bool whole, int type,
		 int interlace)
{
	png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
						NULL, NULL);
	png_infop info = png_create_info_struct(p);
	unsigned char *row = calloc(width, 4);
	FILE *file = scratch();

	png_init_io(p, file);
	png_set_compression_level(p, 1);
	png_set_user_limits(p, 1000000, 1000000);
	png_set_IHDR(p, info, width, height, 8, type, interlace,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(p, info);
	for (int pass = png_set_interlace_handling(p); whole && pass > 0;
	     pass--)
		for (unsigned y = 0; y < height; y++)
			png_write_row(p, row);
	if (whole)
		png_write_end(p, info);
	else
		png_write_chunk(p, (png_const_bytep) "IDAT", row, 1);
	png_destroy_write_struct(&p, &info);
	free(row);
	return file;
}

static void keeps_what_shines_through(void **state)
{
	struct result r = preview(png(900, 30, true, PNG_COLOR_TYPE_RGBA, 0));

	(void)state;
	assert_int_equal(r.status, 0);
	assert_int_equal(r.preview_width, 640);
	assert_int_equal(r.preview_height, 21);
	assert_int_equal(r.rgba[3], 0);
	WebPFree(r.rgba);
}

static void survives_bombs(void **state)
{
	struct result r;
	long before;

	(void)state;
	r = preview(png(10, 10, true, PNG_COLOR_TYPE_GRAY, 0));
	before = r.memory;
	WebPFree(r.rgba);
	/* 144 MB of pixels in a small file: row by row. */
	r = preview(png(6000, 6000, true, PNG_COLOR_TYPE_RGBA, 0));
	assert_int_equal(r.status, 0);
	assert_int_equal(r.width, 6000);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(r.memory, 1, (unsigned long)before + 32768);
#else
	(void)before;
#endif
	WebPFree(r.rgba);
	/* More pixels than are allowed. */
	r = preview(png(60000, 4000, false, PNG_COLOR_TYPE_GRAY, 0));
	assert_int_equal(r.width, 60000);
	assert_int_equal(r.height, 4000);
	assert_true(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 1);
	/* This one would have to be kept whole, and does not fit. */
	r = preview(png(11500, 10400, false, PNG_COLOR_TYPE_GRAY, 1));
	assert_int_equal(r.width, 11500);
	assert_true(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 1);
}

static void survives_what_is_broken(void **state)
{
	/* Cut at any length, the image must not crash the program. */
	for (long len = 0; len < 900; len += 23) {
		FILE *whole = jpeg(WIDTH, HEIGHT, 3, len % 2);
		struct result r;

		fflush(whole);
		assert_int_equal(ftruncate(fileno(whole), len), 0);
		r = preview(whole);
		assert_true(WIFEXITED(r.status));
		assert_true(WEXITSTATUS(r.status) <= 1);
		WebPFree(r.rgba);
	}
	(void)state;
}

#ifndef __SANITIZE_ADDRESS__ /* the sanitizer needs more than the limits */
/* Whether a file below /proc/PID has the text. */
static bool proc_says(pid_t pid, const char *name, const char *text)
{
	char path[64], content[8192];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	assert_non_null(file);
	len = fread(content, 1, sizeof(content) - 1, file);
	content[len] = '\0';
	fclose(file);
	return strstr(content, text);
}

static void tells_types(void **state)
{
	static const struct {
		const char *type;
		size_t len;
		const char *bytes;
	} files[] = {
#define FILE_OF(type, bytes) { type, sizeof(bytes) - 1, bytes }
		FILE_OF("text/plain", "Plain words.\n"),
		FILE_OF("text/html", "<!doctype html><html><script>x</script>"),
		FILE_OF("application/pdf", "%PDF-1.7\n1 0 obj\n"),
		FILE_OF("application/x-executable",
			"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0"),
		FILE_OF("application/gzip",
			"\37\213\10\10\141\142\143\144\2\3name\0\1\0"),
		FILE_OF("application/x-7z-compressed", "7z\274\257\47\34\0\4"),
		FILE_OF("image/gif", "GIF89a\1\0\1\0\200\0\0\0\0\0"),
		FILE_OF("audio/mpeg", "ID3\4\0\0\0\0\0\0\377\373\220\144"),
		FILE_OF("application/json", "{\"a\": [1, 2, {\"b\": null}]}"),
		FILE_OF("application/octet-stream", "\1\2\3\376"),
#undef FILE_OF
	};
	/* What libmagic reads beyond the first bytes. */
	static const char compound[512] = "\320\317\21\340\241\261\32\341";
	static const char archive[512] = "name\0";

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = scratch();

		fwrite(files[i].bytes, 1, files[i].len, file);
		assert_string_equal(preview(file).type, files[i].type);
	}
	for (int i = 0; i < 2; i++) {
		FILE *file = scratch();

		fwrite(i ? compound : archive, 1, sizeof(compound), file);
		assert_true(WIFEXITED(preview(file).status));
	}
}

static void has_no_rights_left(void **state)
{
	FILE *image;
	int status, from;
	char byte;
	pid_t pid;

	(void)state;
	noisy = true;
	image = jpeg(640, 640, 0, false);
	noisy = false;
	/* The first output comes from inside the sandbox. The program then has
	 * to wait, because the rest is more than a pipe holds. */
	from = start(image, &pid);
	assert_int_equal(read(from, &byte, 1), 1);
	assert_true(proc_says(pid, "status", "NoNewPrivs:\t1"));
	assert_true(proc_says(pid, "status", "Seccomp:\t2"));
	assert_true(proc_says(pid, "limits",
			      "Max address space         536870912 "));
	assert_true(proc_says(pid, "limits", "Max open files            0 "));
	assert_true(proc_says(pid, "limits", "Max cpu time              5 "));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(from);
	fclose(image);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_upright),
		cmocka_unit_test(is_small),
		cmocka_unit_test(keeps_what_shines_through),
		cmocka_unit_test(survives_bombs),
		cmocka_unit_test(survives_what_is_broken),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(tells_types),
		cmocka_unit_test(has_no_rights_left),
#endif
	};

	return RUN_TAP(tests);
}
