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
	assert_refused("\nsendfile = yes\n",
		       "2: sendfile takes none, x-sendfile or "
		       "x-accel-redirect, not \"yes\"");
	assert_refused("media_dir = media\n",
		       "1: media_dir takes a full path, not \"media\"");
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

/* Each value of an option is refused with the same words. */
static void assert_takes(const char *name, const char *takes,
			 const char *const *wrong)
{
	struct buf line = { 0 }, reason = { 0 };

	for (; *wrong; wrong++) {
		line.len = reason.len = 0;
		buf_addf(&line, "%s = %s\n", name, *wrong);
		buf_addf(&reason, "1: %s takes %s, not \"%s\"", name, takes,
			 *wrong);
		assert_refused(buf_text(&line), buf_text(&reason));
	}
	buf_free(&line);
	buf_free(&reason);
}

static void assert_accepted(const char *name, const char *const *values)
{
	struct config config;
	struct buf line = { 0 }, why = { 0 };

	for (; *values; values++) {
		line.len = 0;
		buf_addf(&line, "%s = %s\n", name, *values);
		write_file(buf_text(&line));
		if (!config_load(&config, path, &why))
			fail_msg("%s", buf_text(&why));
		config_free(&config);
	}
	buf_free(&line);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What a browser or a web server would change on its way never matches. */
static void refuses_paths_that_no_request_has(void **state)
{
	static const char mounts[] =
		"a path with a slash at both ends, of letters, digits and "
		"-._~, like /chat/";

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "sendfile_prefix" : "mount";

		assert_takes(name, mounts,
			     LIST("", "chat", "/chat", "chat/", "//", "/a//",
				  "//a/", "/a b/", "/../", "/./", "/a/../b/",
				  "/a/..", "/a?/", "/a#/", "/%61/",
				  "/\xc3\xa4/", "/a;b/", "/a\"/", "/a\\/"));
		assert_accepted(name,
				LIST("/", "/chat/", "/a/b/", "/~joe/chat/",
				     "/v1.2/", "/.well-known/", "/.../"));
	}
	assert_takes("direct_thread",
		     "a path of letters, digits and -._~, like api/messages/, "
		     "or nothing",
		     LIST("/", "//", "a b", "a//b", "../a", "a?b", "a#b"));
	assert_accepted("direct_thread", LIST("", "a", "a/b", "/a/", "/a"));
	assert_takes("direct_sockets",
		     "paths of letters, digits and -._~, like ws/messages/, or "
		     "nothing",
		     LIST("a //", "a/.. b", "a?b", "//", "ws/{id}"));
	assert_accepted("direct_sockets", LIST("", "/", "a /b c/"));
}

static void refuses_addresses_that_lead_nowhere(void **state)
{
	static const char page[] = "an address like "
				   "https://www.example.org/page, or nothing";

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "jwks_url" : "reset_url";

		assert_takes(name, page,
			     LIST("javascript:alert(1)//", "ftp://a/", "a.b/c",
				  "//a/b", "https://", "https:///a",
				  "https://a b/", "https://a/\"", "https://a/<",
				  "https://u@a/", "https://a:x/", "file:///a",
				  "https://a:123456/", "https://[a/",
				  "https://\xc3\xa4/"));
		assert_accepted(name,
				LIST("", "https://a.example/chat/#reset=",
				     "HTTP://localhost:8080/?a=b&token=",
				     "https://[::1]:8443/x", "https://a#"));
	}
	assert_takes("allowed_origins",
		     "origins like https://www.example.org, with no path, and "
		     "blanks between them, or nothing",
		     LIST("*", "null", "https://a/", "a.example", "https://",
			  "https://a,https://b", "https://a https://b/c"));
	assert_accepted("allowed_origins",
			LIST("", "https://a.example  http://localhost:8080",
			     "capacitor://localhost", "https://[::1]:1"));
	assert_takes("trusted_proxies",
		     "IP addresses like 192.0.2.1, with blanks between them, "
		     "or nothing",
		     LIST("localhost", "10.0.0.0/8", "1.2.3", "127.0.0.1,::1",
			  "[::1]", "::1 x"));
	assert_accepted("trusted_proxies", LIST("", "127.0.0.1  ::1"));
	assert_takes("run_dir", "a full path", LIST("", "run", "/a\tb", "~/x"));
	assert_takes("mail_command",
		     "a command of at most 32 words, or nothing",
		     LIST("a a a a a a a a a a a a a a a a a a a a a a a a a a "
			  "a a a a a a a"));
	assert_accepted("mail_command", LIST("", "/usr/sbin/sendmail -t"));
}

static void reads_lines_of_any_file_within_bounds(void **state)
{
	struct config config;
	struct buf why = { 0 }, text = { 0 };

	(void)state;
	write_file("mount = /a/");
	assert_true(config_load(&config, path, &why));
	assert_string_equal(config.mount, "/a/");
	config_free(&config);
	write_file("");
	assert_true(config_load(&config, path, &why));
	config_free(&config);
	for (int i = 0; i < 4093; i++)
		buf_add_text(&text, "#");
	write_file(buf_text(&text));
	assert_true(config_load(&config, path, &why));
	config_free(&config);
	buf_add_text(&text, "#\n");
	assert_refused(buf_text(&text), "1: the line is too long");
	assert_false(config_load(&config, "/", &why));
	assert_string_equal(buf_text(&why), "/: Is a directory");
	buf_free(&why);
	buf_free(&text);
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
			    "both ends, of letters, digits and -._~, like "
			    "/chat/, not \"chat\"");
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
		cmocka_unit_test(refuses_paths_that_no_request_has),
		cmocka_unit_test(refuses_addresses_that_lead_nowhere),
		cmocka_unit_test(reads_lines_of_any_file_within_bounds),
		cmocka_unit_test(refuses_the_environment_too),
		cmocka_unit_test(refuses_unknown_variables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
