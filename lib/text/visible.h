/* visible: which characters people see in a name. The rule of
 * confab.is_visible() and confab.hidden_letters() in the database. */
#ifndef CONFAB_TEXT_VISIBLE_H
#define CONFAB_TEXT_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a name must not contain a character: controls, separators of lines,
 * and characters that can't be seen or reverse the direction of text, which
 * make "gpj.exe" look like "exe.jpg". */
bool visible_is_hidden(uint32_t c);

/* Whether a character tells names apart: no space, full stop, mark or selector,
 * nor one of the two signs without a form. */
bool visible_is_shown(uint32_t c);

#endif
