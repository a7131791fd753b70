/* sandbox: the rights of confab-preview once it has its input. The only module
 * that sees libseccomp. If the kernel lacks a part of it no image is read: a
 * missing preview hurts nobody. */
#include <seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "picture.h"

enum {
	MEMORY = 512, /* MiB, with libraries and the mapped image */
	SECONDS = 5,  /* of a processor */
};

static void set_limit(int what, rlim_t value)
{
	const struct rlimit both = { .rlim_cur = value, .rlim_max = value };

	if (setrlimit((__rlimit_resource_t)what, &both) != 0)
		_exit(EXIT_FAILURE);
}

static void set_limits(void)
{
#ifndef __SANITIZE_ADDRESS__ /* the sanitizer maps terabytes */
	set_limit(RLIMIT_AS, (rlim_t)MEMORY << 20);
#endif
	set_limit(RLIMIT_CPU, SECONDS);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_FSIZE,
		  0); /* output goes to a pipe, which is no file */
	set_limit(RLIMIT_NOFILE, 0);
	set_limit(RLIMIT_NPROC, 0);
}

static void filter_calls(void)
{
	static const int allowed[] = { SCMP_SYS(write),
				       /* memory */
				       SCMP_SYS(brk), SCMP_SYS(mmap),
				       SCMP_SYS(munmap), SCMP_SYS(mremap),
				       SCMP_SYS(madvise), SCMP_SYS(getrandom),
				       SCMP_SYS(futex), SCMP_SYS(exit),
				       SCMP_SYS(exit_group) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int failed = filter ? 0 : -1;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (failed == 0)
			failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
						  allowed[i], 0);
	/* Loading the filter also turns no_new_privs on. */
	if (failed != 0 || seccomp_load(filter) != 0)
		_exit(EXIT_FAILURE);
	seccomp_release(filter);
}

void sandbox_enter(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(EXIT_FAILURE);
	set_limits();
#ifdef __SANITIZE_ADDRESS__ /* the sanitizer makes calls of its own */
	(void)filter_calls;
#else
	filter_calls();
#endif
}
