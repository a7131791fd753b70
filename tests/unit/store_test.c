/* Files by their content: kept ones, abandoned ones, and the sweep. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_tap.h"
#include "fcgi/media/store.h"

/* Of "abc": FIPS 180-2, appendix B.1. */
static const char HASH[] =
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static char directory[] = "/tmp/confab-store-XXXXXX";

static bool is_there(const char *relative)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, relative);
	return access(path, F_OK) == 0;
}

static void write_abc(struct spool *spool)
{
	assert_true(spool_open(spool, directory));
	assert_true(spool_add(spool, "a", 1));
	assert_true(spool_add(spool, "bc", 2));
	assert_true(spool_finish(spool));
}

static void keeps_a_file_by_its_content(void **state)
{
	struct spool spool;
	struct buf path = { 0 };

	(void)state;
	write_abc(&spool);
	assert_int_equal(spool.size, 3);
	assert_true(spool_place(&spool, directory, "7"));
	store_path(&path, HASH, "7");
	assert_true(is_there(buf_text(&path)));
	/* The same content replaces it; under another number it does not. */
	write_abc(&spool);
	assert_true(spool_place(&spool, directory, "7"));
	write_abc(&spool);
	assert_true(spool_place(&spool, directory, "8"));
	assert_true(store_remove(directory, HASH, "7"));
	assert_false(is_there(buf_text(&path)));
	assert_true(store_remove(directory, HASH, "7"));
	path.len = 0;
	store_path(&path, HASH, "8");
	assert_true(is_there(buf_text(&path)));
	assert_true(store_remove(directory, HASH, "8"));
	buf_free(&path);
}

static void leaves_nothing_when_it_is_discarded(void **state)
{
	struct spool spool;
	char *path;

	(void)state;
	assert_true(spool_open(&spool, directory));
	path = strdup(spool.path);
	assert_int_equal(access(path, F_OK), 0);
	spool_discard(&spool);
	spool_discard(&spool);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void sweeps_what_the_dead_have_left(void **state)
{
	struct spool alive, dead;
	int status;
	pid_t pid;

	(void)state;
	write_abc(&alive);
	pid = fork();
	if (pid == 0)
		_exit(spool_open(&dead, directory) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	store_sweep(directory);
	assert_int_equal(access(alive.path, F_OK), 0);
	spool_discard(&alive);
	/* tmp has to be empty before it can be removed. */
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(rmdir("tmp"), 0);
}

static void says_when_the_disk_does_not(void **state)
{
	struct spool spool;

	(void)state;
	assert_false(spool_open(&spool, "/proc/nowhere"));
	spool_discard(&spool);
	assert_true(spool_open(&spool, directory));
	close(spool.fd);
	spool.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_false(spool_add(&spool, "x", 1));
	assert_int_equal(errno, ENOSPC);
	spool_discard(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_file_by_its_content),
		cmocka_unit_test(leaves_nothing_when_it_is_discarded),
		cmocka_unit_test(sweeps_what_the_dead_have_left),
		cmocka_unit_test(says_when_the_disk_does_not),
	};
	char command[64];
	int failed;

	secret_init();
	if (!mkdtemp(directory))
		return 1;
	failed = RUN_TAP(tests);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) != 0 || failed;
}
