/* The options: their defaults, their precedence, and bad values. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "cmocka_tap.h"

static char path[] = "/tmp/confab-config-XXXXXX";

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_refused(const char *text, const char *reason)
{
	struct config config;
	struct buf why = { 0 }, expected = { 0 };

	write_file(text);
	buf_addf(&expected, "%s:%s", path, reason);
	assert_false(config_load(&config, path, &why));
	assert_string_equal(buf_text(&why), buf_text(&expected));
	buf_free(&why);
	buf_free(&expected);
}

static void has_defaults(void **state)
{
	struct config config;
	struct buf why = { 0 };

	(void)state;
	assert_true(config_load(&config, NULL, &why));
	assert_string_equal(config.mount, "/chat/");
	assert_string_equal(config.jwt_subject, "sub");
	assert_int_equal(config.max_body, 1048576);
	config_free(&config);
}

static void the_environment_wins_over_the_file(void **state)
{
	struct config config;
	struct buf why = { 0 };

	(void)state;
	write_file("# a comment\n\n  mount =  /talk/ \nmax_body=2048\n"
		   "log_level = debug\n");
	setenv("CONFAB_MAX_BODY", "4096", 1);
	assert_true(config_load(&config, path, &why));
	unsetenv("CONFAB_MAX_BODY");
	assert_string_equal(config.mount, "/talk/");
	assert_int_equal(config.max_body, 4096);
	assert_string_equal(config.log_level, "debug");
	config_free(&config);
}

static void refuses_values(void **state)
{
	(void)state;
	assert_refused("mount = chat\n", "1: mount takes a path with a slash "
					 "at both ends, not \"chat\"");
	assert_refused("mount = /chat\n", "1: mount takes a path with a slash "
					  "at both ends, not \"/chat\"");
	assert_refused(
		"mount =\n",
		"1: mount takes a path with a slash at both ends, not \"\"");
	assert_refused("\nsendfile = yes\n",
		       "2: sendfile takes none, x-sendfile or "
		       "x-accel-redirect, not \"yes\"");
	assert_refused("media_dir = media\n",
		       "1: media_dir takes a full path, not \"media\"");
	assert_refused("sendfile_prefix = /x\n",
		       "1: sendfile_prefix takes a path with a slash at both "
		       "ends, not \"/x\"");
	assert_refused(
		"log_level = loud\n",
		"1: log_level takes error, warn, info or debug, not \"loud\"");
	assert_refused("jwt_subject =\n",
		       "1: jwt_subject takes a name, not \"\"");
	assert_refused("max_body = 12x\n", "1: max_body takes a number from "
					   "1024 to 16777216, not \"12x\"");
	assert_refused("max_body = 1\n", "1: max_body takes a number from 1024 "
					 "to 16777216, not \"1\"");
	assert_refused("max_bodies = 1\n",
		       "1: there is no option \"max_bodies\"; "
		       "did you mean max_body?");
	assert_refused("max_body\n", "1: \"max_body\" is not \"name = value\"");
}

static void refuses_the_environment_too(void **state)
{
	struct config config;
	struct buf why = { 0 };

	(void)state;
	setenv("CONFAB_MOUNT", "chat", 1);
	assert_false(config_load(&config, NULL, &why));
	unsetenv("CONFAB_MOUNT");
	assert_string_equal(buf_text(&why),
			    "CONFAB_MOUNT: mount takes a path with a slash at "
			    "both ends, not \"chat\"");
	buf_free(&why);
}

static void assert_variable_refused(const char *name, const char *sentence)
{
	struct config config;
	struct buf why = { 0 };

	setenv(name, "1", 1);
	assert_false(config_load(&config, NULL, &why));
	unsetenv(name);
	assert_string_equal(buf_text(&why), sentence);
	buf_free(&why);
}

static void refuses_unknown_variables(void **state)
{
	struct config config;
	struct buf why = { 0 };

	(void)state;
	assert_variable_refused("CONFAB_MAX_BODDY",
				"CONFAB_MAX_BODDY in the environment: there is "
				"no such option; did you mean "
				"CONFAB_MAX_BODY?");
	assert_variable_refused("CONFAB_SOMETHING_ELSE",
				"CONFAB_SOMETHING_ELSE in the environment: "
				"there is no such option");
	setenv("CONFAB_URL", "http://localhost/chat/", 1);
	setenv("CONFABULATION", "1", 1);
	assert_true(config_load(&config, NULL, &why));
	unsetenv("CONFAB_URL");
	unsetenv("CONFABULATION");
	config_free(&config);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(the_environment_wins_over_the_file),
		cmocka_unit_test(refuses_values),
		cmocka_unit_test(refuses_the_environment_too),
		cmocka_unit_test(refuses_unknown_variables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
