/* confab_names: Unicode's data about the characters of names, for the database.
 * Called by `confab upgrade`; owns nothing. The only module that sees ICU. */
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "base/json.h"
#include "confab.h"

enum {
	LONGEST = 64, /* code units of the prototype of one character */
};

static void check_status(UErrorCode status, const char *what)
{
	if (U_FAILURE(status))
		die(what, u_errorName(status));
}

static bool is_mark(UChar32 c)
{
	return (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

/* Adds a range of characters, split into parts of marks only and parts without
 * marks. */
static void add_range(struct buf *out, UChar32 first, UChar32 last)
{
	for (UChar32 start = first; start <= last;) {
		bool mark = is_mark(start);
		UChar32 end = start;

		while (end < last && is_mark(end + 1) == mark)
			end++;
		buf_addf(out, "%s[%d,%d,%s]", out->len ? "," : "[", (int)start,
			 (int)end, mark ? "true" : "false");
		start = end + 1;
	}
}

/* Prints the characters that Unicode recommends for identifiers. */
static void print_ranges(struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	const USet *set = uspoof_getRecommendedSet(&status);
	UChar32 first, last;

	check_status(status, "ICU's characters for identifiers");
	for (int i = 0; i < uset_getRangeCount(set); i++) {
		uset_getItem(set, i, &first, &last, NULL, 0, &status);
		check_status(status, "ICU's characters for identifiers");
		add_range(out, first, last);
	}
	buf_add_text(out, "]");
}

static void add_text(struct buf *out, const UChar *text, int len)
{
	char utf8[4 * LONGEST];
	UErrorCode status = U_ZERO_ERROR;
	int32_t n;

	u_strToUTF8(utf8, sizeof(utf8), &n, text, len, &status);
	check_status(status, "ICU's text");
	json_quote(out, utf8, (size_t)n);
}

/* Adds a character that looks like another. A composed character does not
 * count: the database decomposes it first. */
static void add_confusable(struct buf *out, const USpoofChecker *checker,
			   const UNormalizer2 *nfd, UChar32 c)
{
	UChar letter[2], parts[LONGEST], looks_like[LONGEST];
	UErrorCode status = U_ZERO_ERROR;
	int len = 0, n;

	U16_APPEND_UNSAFE(letter, len, c);
	if (unorm2_getDecomposition(nfd, c, parts, LONGEST, &status) >= 0)
		return;
	n = uspoof_getSkeleton(checker, 0, letter, len, looks_like, LONGEST,
			       &status);
	check_status(status, "ICU's confusable characters");
	if (u_strCompare(letter, len, looks_like, n, false) == 0)
		return;
	buf_add_text(out, out->len ? "," : "{");
	add_text(out, letter, len);
	buf_add_text(out, ":");
	add_text(out, looks_like, n);
}

static void print_confusables(struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
	USpoofChecker *checker = uspoof_open(&status);

	check_status(status, "ICU's confusable characters");
	for (UChar32 c = 1; c <= UCHAR_MAX_VALUE; c++)
		if (u_isdefined(c) && !U_IS_SURROGATE((uint32_t)c))
			add_confusable(out, checker, nfd, c);
	buf_add_text(out, "}");
	uspoof_close(checker);
}

void load_names(struct admin *admin)
{
	struct buf ranges = { 0 }, confusables = { 0 };
	struct pg_param params[2];

	print_ranges(&ranges);
	print_confusables(&confusables);
	params[0] = (struct pg_param){ .data = buf_text(&ranges) };
	params[1] = (struct pg_param){ .data = buf_text(&confusables) };
	pg_result_free(query(admin, "names",
			     "select confab.names_load($1::jsonb, $2::jsonb)",
			     2, params));
	buf_free(&ranges);
	buf_free(&confusables);
}
