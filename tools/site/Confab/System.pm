# What the operator's commands know of the machine: running commands, files that are written as a whole, parts of files
# between two marks, PostgreSQL's clusters, systemd.
package Confab::System;
use strict;
use warnings;
use Cwd qw(realpath);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempfile);
use POSIX ();
our @EXPORT = qw(@on_failure fail capture succeeds try_run run slurp put_file put_part part_of has_command has_systemd
	process_runs);

# What takes back what was begun, when the program fails.
our @on_failure;

# Ends the program with a sentence.
sub fail {
	$_->() while $_ = shift @on_failure;
	print STDERR "confab: @_\n";
	exit 1;
}

# The output of a command without its last newline, or undef when it failed. Its errors are not shown.
sub capture {
	my @command = @_;
	my $pid = open my $out, '-|';
	defined $pid or fail("fork: $!");
	if (!$pid) {
		open STDERR, '>', '/dev/null';
		open STDIN, '<', '/dev/null';
		exec { $command[0] } @command or exit 127;
	}
	local $/;
	my $text = <$out> // '';
	return close $out ? $text =~ s/\n\z//r : undef;
}

sub succeeds { return defined capture(@_) }

# Runs a command: whether it succeeded, and what it said. input: its standard input.
sub try_run {
	my ($input, @command) = @_;
	my ($said, $log) = tempfile('confab-XXXXXX', TMPDIR => 1);
	local $SIG{PIPE} = 'IGNORE';
	my $pid = open my $in, '|-';
	defined $pid or fail("fork: $!");
	if (!$pid) {
		open STDOUT, '>&', $said;
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command or print "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	print $in $input // '';
	my $ok = close $in;
	my $text = slurp($log) // '';
	unlink $log;
	return ($ok, $text);
}

# Runs a command and ends the program when it fails, with what it said.
sub run {
	my ($what, $input, @command) = @_;
	my ($ok, $said) = try_run($input, @command);
	fail("$what failed: @command\n$said") if !$ok;
	return $said;
}

# The text of a file, or undef: of a pipe or a device somebody might wait for ever.
sub slurp {
	my ($file) = @_;
	-f $file && open my $in, '<', $file or return undef;
	read $in, my $text, 16 << 20;
	return $text;
}

# Replaces a file at once, with the mode and owner that it has; else with this mode and group. A link stays one.
sub put_file {
	my ($file, $text, $mode, $group) = @_;
	$file = realpath($file) // $file if -l $file;
	my @old = stat $file;
	make_path(dirname($file));
	open my $out, '>', "$file.confab-new" or fail("$file: $!");
	chmod @old ? $old[2] & 07777 : $mode, "$file.confab-new";
	chown @old ? @old[4, 5] : (0, scalar getgrnam($group // 'root')), "$file.confab-new";
	print $out $text;
	close $out or fail("$file: $!");
	rename "$file.confab-new", $file or fail("$file: $!");
}

my ($begin, $end) = ('# confab setup: begin', '# confab setup: end');

# The part of a file between our marks, or undef.
sub part_of {
	my ($file) = @_;
	return (slurp($file) // '') =~ /^\Q$begin\E\n(.*?)^\Q$end\E\n/ms ? $1 : undef;
}

# Puts a part between our marks at the top of a file; undef takes it away.
sub put_part {
	my ($file, $part) = @_;
	my $text = slurp($file) // fail("$file: $!");
	$text =~ s/^\Q$begin\E\n.*?^\Q$end\E\n//ms;
	put_file($file, (defined $part ? "$begin\n$part$end\n" : '') . $text);
}

sub has_command {
	my ($name) = @_;
	return (grep { -x "$_/$name" } qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin))[0];
}

sub has_systemd { return -d '/run/systemd/system' }

# Whether a process of that name runs.
sub process_runs {
	my ($name) = @_;
	for my $file (glob '/proc/[0-9]*/comm') {
		return 1 if (slurp($file) // '') eq "$name\n";
	}
	return 0;
}

1;
