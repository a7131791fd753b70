/* instance: see instance.h. Called by main() of the delivering programs.
 *
 * Hosts often share a name, and so do the folders of containers. The boot id
 * tells machines apart; the folder's device and inode tell the containers of
 * one machine apart. */
#include "event/instance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

enum {
	BOOT = 8 /* characters of the boot id in the name */
};

static void boot_id(char out[BOOT + 1])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, BOOT);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

void instance_name(struct buf *out, const char *program, const char *run_dir)
{
	char host[65] = "", boot[BOOT + 1], random[33];
	struct stat status = { 0 };

	gethostname(host, sizeof(host) - 1);
	boot_id(boot);
	secret_id(random);
	if (stat(run_dir, &status) < 0)
		status.st_ino = 0;
	buf_addf(out, "%s@%s:%s/%s.%llx.%llx#%d-%.6s", program, host, run_dir,
		 boot, (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino, (int)getpid(), random);
}
