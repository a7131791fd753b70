# shellcheck shell=bash
# A bare Debian in a folder, for the tests of this folder to source. As root, with debootstrap and the network. Nothing
# on this machine changes: what runs in it has processes of its own.
#   suite, root: which Debian, and where
: "${suite:?}" "${root:?}"

passed=0 failed=0

# bare_make: makes it, unless it is there.
bare_make() {
	[ "$(id -u)" -eq 0 ] || { echo "run it as root" >&2; exit 1; }
	[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >/dev/null
	chmod 755 "$root"
	cp /etc/resolv.conf "$root/etc/"
	chroot "$root" apt-get update -q >/dev/null
}

# ok WHAT STATUS: a result; a failure with the end of what was said last.
ok() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		tail -n 60 "$root/root/said" | sed 's/^/# /' || true
	fi
}

# No server starts because a package was installed.
bare_quiet() { printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"; }

# bare_fetch PACKAGE…: installs. What a package starts nevertheless ends with it.
bare_fetch() {
	bare_quiet
	unshare --pid --fork --kill-child chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >"$root/root/said" 2>&1
}

# bare_run SCRIPT [OPTION…]: among processes of its own, which end with it. The options are unshare's, such as --net.
bare_run() {
	local script=$1
	shift
	rm -f "$root/usr/sbin/policy-rc.d"
	# The processes of the last time are gone; others may have their numbers by now.
	find "$root/run" -name '*.pid' -delete
	# shellcheck disable=SC2016
	unshare --pid --mount --fork --kill-child "$@" sh -c 'ip link set lo up; mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/dev/shm"
		exec chroot "$1" sh -ec "$2" >"$1/root/said" 2>&1' sh "$root" "$script"
}

# bare_end: the sum; the status says whether all passed.
bare_end() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
