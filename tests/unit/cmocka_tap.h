/* cmocka_tap: cmocka with what it needs included, and TAP as its output. */
#ifndef CONFAB_TESTS_UNIT_CMOCKA_TAP_H
#define CONFAB_TESTS_UNIT_CMOCKA_TAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN_TAP(tests)                                                         \
	(cmocka_set_message_output(CM_OUTPUT_TAP),                             \
	 cmocka_run_group_tests(tests, NULL, NULL))

#endif
