/* Rich text: whatever comes in, the output is in the grammar, is not much
 * longer, and does not change when it is cleaned again. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "grammar.h"
#include "target.h"
#include "text/sanitise.h"

static void check_cleaned(const char *text, size_t len, bool keep_class_id)
{
	struct buf once = { 0 }, twice = { 0 };

	sanitise(&once, text, len, keep_class_id);
	CHECK(!grammar_error(buf_text(&once), once.len, keep_class_id));
	CHECK(utf8_valid(once.data, once.len));
	CHECK(once.len <= SANITISE_GROWTH * len);
	sanitise(&twice, once.data, once.len, keep_class_id);
	CHECK(twice.len == once.len);
	CHECK(memcmp(buf_text(&twice), once.data, once.len) == 0);
	buf_free(&once);
	buf_free(&twice);
}

void target_richtext(const char *bytes, size_t len)
{
	if (!utf8_valid(bytes, len))
		return;
	check_cleaned(bytes, len, false);
	check_cleaned(bytes, len, true);
}
