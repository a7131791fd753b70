# A site as its operator sees it: where its programs and files are, and what its configuration says.
package Confab::Site;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use JSON::PP qw();
use Confab::System;
our @EXPORT = qw(account_step configuration_text is_mount new_password read_configuration site_etc site_file with_account);

# An installation is PREFIX/lib/confab/Confab/Site.pm, a source tree TOP/tools/site/Confab/Site.pm.
my $top = dirname(dirname(dirname(dirname(abs_path(__FILE__)))));
my $installed = -x "$top/bin/confab";
my %places =
	$installed
	? (
	bin => "$top/bin",
	sample => "$top/share/confab/conf/confab.conf",
	programs => "$top/lib/confab/programs",
	htdocs => "$top/share/confab/htdocs"
	)
	: (
	bin => "$top/build/" . ($ENV{BUILD} // 'release'),
	sample => "$top/conf/confab.conf",
	programs => "$top/tools/site/programs",
	htdocs => "$top/htdocs"
	);

# The folder of the configurations: below the prefix of an installation of somebody's own, else of the machine.
sub site_etc {
	return $ENV{CONFAB_ETC} // (-e "$top/etc/confab/confab.conf" ? "$top/etc/confab" : '/etc/confab');
}

# Whether the programs take this as their mount (lib/base/option_kind.c).
sub is_mount {
	my ($path) = @_;
	return $path =~ m{^/(?:[A-Za-z0-9._~-]+/)*\z} && $path !~ m{/\.\.?/};
}

# A file that comes with the programs.
sub site_file { return $places{ $_[0] } }

# The options of a configuration as the programs take them: the defaults, the file, then CONFAB_NAME of the environment;
# and the line of each that the file sets.
sub read_configuration {
	my ($file) = @_;
	my %value = (slurp($places{sample}) // '') =~ /^#(\w+) =[ \t]*(.*)$/mg;
	my ($number, %line) = 0;
	for (split /\n/, slurp($file) // '') {
		$number++;
		next if !/^\s*(\w+)\s*=\s*(.*?)\s*$/;
		($value{$1}, $line{$1}) = ($2, $number);
	}
	for (keys %value) { $value{$_} = $ENV{"CONFAB_\U$_"} // $value{$_} }
	return (\%value, \%line);
}

# The configuration as it should be: what stands there, else the sample, with these options set.
sub configuration_text {
	my ($conf, $own) = @_;
	my $text = slurp($conf) // slurp($places{sample}) // fail("$places{sample}: $!");
	for my $name (sort keys %$own) {
		my $line = "$name = $own->{$name}";
		next if $text =~ /^\Q$line\E$/m;
		next if $text =~ /^#\Q$line\E$/m && $text !~ /^\Q$name\E\s*=/m;
		$text =~ s/^\Q$name\E\s*=.*$/$line/m or $text =~ s/^#\Q$name\E\s*=.*$/$line/m or $text .= "$line\n";
	}
	return $text;
}

# The step of setup that makes the first account; its password goes into $$password.
sub account_step {
	my ($conf, $name, $password) = @_;
	my @command = ("$places{bin}/confab", '-c', $conf, 'account');
	return { what => "the account $name",
		done => sub { (capture(@command, 'list') // '') =~ /^\d+\t\Q$name\E(?:\t|$)/m },
		do => sub { $$password = new_password(); run('making the account', "$$password\n", @command, 'add', $name) } };
}

sub new_password {
	open my $random, '<', '/dev/urandom' or fail("/dev/urandom: $!");
	read $random, my $bytes, 15;
	return unpack 'H*', substr $bytes, 0, 9;
}

# Runs something with an account that is enabled meanwhile, and disabled before and after. Dies with a sentence of the
# operator's command when there can be none.
sub with_account {
	my ($conf, $name, $do) = @_;
	my $secret = new_password();
	my $command = sub {
		my ($input, @words) = @_;
		my ($ok, $said) = try_run($input, "$places{bin}/confab", '-c', $conf, 'account', @words);
		die $said =~ s/^confab: //r if !$ok;
		return $said;
	};
	my $there = $command->('', 'list') =~ /^\d+\t\Q$name\E(?:\t|$)/m;
	$command->("$secret\n", $there ? 'password' : 'add', $name);
	$command->('', 'enable', $name);
	my @result = eval { $do->($secret) };
	my $why = $@;
	$command->('', 'disable', $name);
	die $why if $why;
	return @result;
}

1;
