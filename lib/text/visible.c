/* visible: see visible.h. Called by confab-media; owns nothing. */
#include "text/visible.h"

#include <unicode/uchar.h>

/* Whether a character chooses how others are drawn, which emoji and some
 * scripts need: joiners, variants, and the letters of a flag. */
static bool is_selector(uint32_t c)
{
	return c == 0x200c || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0xe0020 && c <= 0xe007f);
}

static bool has_property(uint32_t c, UProperty property)
{
	return u_hasBinaryProperty((UChar32)c, property);
}

bool visible_is_hidden(uint32_t c)
{
	return (U_GET_GC_MASK((UChar32)c) &
		(U_GC_CC_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) ||
	       has_property(c, UCHAR_BIDI_CONTROL) ||
	       (has_property(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) &&
		!is_selector(c));
}

bool visible_is_shown(uint32_t c)
{
	return !(U_GET_GC_MASK((UChar32)c) & (U_GC_Z_MASK | U_GC_M_MASK)) &&
	       !is_selector(c) && c != '.' && c != 0x2800 && c != 0x1d159;
}
