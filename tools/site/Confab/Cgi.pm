# A site in a folder of a shared host, where Apache runs the programs as CGI and nothing else runs: no root, no daemon,
# one login to the database.
package Confab::Cgi;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(basename dirname);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempfile);
use Confab::Http;
use Confab::Site;
use Confab::Steps;
use Confab::System;
use Confab::Trial;
our @EXPORT = qw(cgi_set_up cgi_take_back);

# What the web server runs, and the program that it is.
my %programs = (
	command => 'command',
	session => 'session',
	media => 'media',
	events => 'events',
	poll => 'events',
	readyz => 'events'
);
my ($prefix, $share, $dir, $conf, $data, $mount, $password);

# The folder that the web server serves as its root, as far as the address tells it.
sub root_of {
	my ($folder, $path) = @_;
	my @names = split m{/}, $path;
	while (@names && $names[-1] ne '' && basename($folder) eq $names[-1]) {
		$folder = dirname($folder);
		pop @names;
	}
	return $folder;
}

sub is_below { my ($file, $folder) = @_; return index("$file/", $folder =~ s{/*$}{/}r) == 0 }

sub names_user { return $_[0] =~ /\buser\s*=/ || $_[0] =~ m{^postgres(?:ql)?://[^/@]+@} }

# Finds the places, and refuses what can't work before anything is changed.
sub look {
	my ($o) = @_;
	fail('--cgi is for an account of your own: run it as the user whose programs the web server runs, not as root')
		if $> == 0;
	my $above = abs_path(dirname($o->{cgi}));
	fail(dirname($o->{cgi}) . ': there is no such folder') if !defined $above || !-d $above;
	$dir = "$above/" . basename($o->{cgi});
	fail("$dir is not a folder") if -e $dir && !-d $dir;
	$prefix = $o->{prefix};
	$share = "$prefix/share/confab";
	$conf = site_etc() . "/$o->{site}.conf";
	$data = "$prefix/var/confab/$o->{site}";
	fail("$prefix, where the programs are installed, is not yours: make install PREFIX=\$HOME/confab")
		if !is_below($conf, $prefix) || !-w $prefix;
}

sub look_at_address {
	my ($o) = @_;
	fail('--cgi needs --url: the address at which people find the folder, like https://example.org/chat/')
		if !$o->{url};
	($mount) = eval { (split_url($o->{url}))[3] }
		or fail("--url: $o->{url} is not an address like https://example.org/chat/");
	fail("--url: $o->{url} is to end with a /, because it is a folder") if $mount !~ m{/$};
	fail("--url: the path $mount has to be of letters, digits and -._~") if !is_mount($mount);
	my $root = root_of($dir, $mount);
	fail("$prefix is below $root, which the web server serves to everybody: install the programs elsewhere")
		if is_below($prefix, $root);
	fail("$dir can't be written by you") if !-w (-e $dir ? $dir : dirname($dir));
	my %ours = map { $_ => 1 } listed();
	my @others = grep { !$ours{$_} && -e "$dir/$_" } sort keys %{ wanted() };
	fail("$dir/$others[0] is there already and not of confab setup: choose a folder of its own") if @others;
}

# The conninfo that was given, else that of before. Fails when the database does not answer to it.
sub look_at_database {
	my ($o) = @_;
	my ($config) = read_configuration($conf);
	my $database = $o->{database} // $config->{database};
	fail('--database: say which, with its user, like "host=localhost dbname=joe user=joe password=…"')
		if !names_user($database);
	my ($out, $file) = tempfile('confab-XXXXXX', TMPDIR => 1);
	print $out "database = $database\n";
	close $out;
	my (undef, $said) = try_run('', "$prefix/bin/confab", '-c', $file, 'account', 'list');
	unlink $file;
	fail("the database can't be used: $1") if $said =~ /^confab: database: (.*)/;
	return $database;
}

# The file that lists what was written into the folder; beside it is one that names the folder, for the doctor.
sub listed { return split /\n/, slurp("$data/files") // '' }

sub quoted { return "'" . ($_[0] =~ s/'/'\\''/gr) . "'" }

# All files of the folder: name => { text, mode }.
sub wanted {
	my %file = (
		'.htaccess' => {
			text => slurp("$share/templates/htaccess.conf.in") // fail("$share/templates/htaccess.conf.in: $!"),
			mode => 0644
		},
		# The page asks for it to see that the server is there.
		healthz => { text => "{}\n", mode => 0644 });
	find({
			no_chdir => 1,
			wanted => sub { $file{ substr $_, length "$share/htdocs/" } = { text => slurp($_), mode => 0644 } if -f }
		},
		"$share/htdocs"
	);
	for (keys %programs) {
		$file{$_} = {
			mode => 0755,
			text => "#!/bin/sh\n# Written by confab setup --cgi; suexec passes few variables.\n"
				. sprintf("export CONFAB_CONFIG=%s\nexec %s\n", map { quoted($_) } $conf, "$prefix/bin/confab-$programs{$_}")
		};
	}
	return \%file;
}

sub is_there {
	my ($name, $file) = @_;
	return -e "$dir/$name" && slurp("$dir/$name") eq $file->{text} && ((stat _)[2] & 0777) == $file->{mode};
}

sub files_are_there {
	my $wanted = wanted();
	return !grep({ !is_there($_, $wanted->{$_}) } keys %$wanted) && "@{[sort keys %$wanted]}" eq "@{[sort(listed())]}"
		&& (slurp("$data/folder") // '') eq "$dir\n";
}

# Takes files out of the folder, with the folders that are empty then.
sub remove_files {
	for my $name (sort { length $b <=> length $a } @_) {
		unlink "$dir/$name";
		my $folder = dirname($name);
		while ($folder ne '.' && rmdir "$dir/$folder") { $folder = dirname($folder) }
	}
	rmdir $dir;
}

# Writes files into the folder, lists them, and takes out those that were listed before.
sub write_files {
	my ($file) = @_;
	my @gone = grep { !$file->{$_} } listed();
	make_path($data, { mode => 0700 });
	for my $name (sort keys %$file) {
		next if is_there($name, $file->{$name});
		put_file("$dir/$name", $file->{$name}{text}, $file->{$name}{mode});
		chmod $file->{$name}{mode}, "$dir/$name";
	}
	remove_files(@gone);
	put_file("$data/folder", "$dir\n", 0600);
	put_file("$data/files", join('', map { "$_\n" } sort keys %$file), 0600);
}

sub files_of_now {
	return { map { $_ => { text => slurp("$dir/$_"), mode => (stat "$dir/$_")[2] & 0777 } }
			grep { -e "$dir/$_" } listed() };
}

sub steps {
	my ($o, $database) = @_;
	my %own = (database => $database, run_dir => "$data/run", media_dir => "$data/media", mount => $mount);
	my ($before, $page) = (slurp($conf), files_of_now());
	my @folders = ($data, "$data/run", "$data/media");
	my @new = grep { !-d } @folders;
	return ({
			what => $conf,
			done =>
				sub { (slurp($conf) // '') eq configuration_text($conf, \%own) && ((stat $conf)[2] & 0777) == 0600 },
			do => sub { put_file($conf, configuration_text($conf, \%own), 0600); chmod 0600, $conf },
			undo => sub { defined $before ? put_file($conf, $before, 0600) : unlink $conf }
		},
		{
			what => "$data, for uploads",
			done => sub {
				!grep { !-d } @folders;
			},
			do => sub { make_path(@folders, { mode => 0700 }) },
			undo => sub { rmdir for reverse @new }
		},
		{
			what => 'the schema of this version',
			done => sub { 0 },
			quiet => 1,
			do => sub { run('confab upgrade', undef, "$prefix/bin/confab", '-c', $conf, 'upgrade') }
		},
		{
			what => "the page and the programs in $dir",
			done => \&files_are_there,
			do => sub { write_files(wanted()) },
			undo => sub { %$page ? write_files($page) : (remove_files(keys %{ wanted() }), unlink "$data/files", "$data/folder") }
		},
		{
			what => 'a message through the address',
			done => sub { 0 },
			quiet => 1,
			do => sub { try_it($o); @on_failure = () }
		},
		# Last, because its password is shown only once.
		account_step($conf, $o->{account}, \$password),
	);
}

# What a status means here.
my %hint = (
	403 => 'Apache does not run programs there (ExecCGI), or they may be written by others',
	404 => 'the address is of another folder',
	500 => 'Apache could not run a program, or refuses .htaccess: its error log says which. It has to run programs as you '
		. '(suexec) and to allow FileInfo and Options',
);

sub try_it {
	my ($o) = @_;
	my @came = eval {
		with_account($conf, "$o->{site}-setup",
			sub { trial({ url => $o->{url} }, "$o->{site}-setup", $_[0], 'long-poll') });
	};
	my $why = $@;
	chomp $why;
	fail("$o->{url} does not work, and what was made was taken back: $why"
			. ($why =~ /the answer is (\d+)/ && $hint{$1} ? " ($hint{$1})" : ''))
		if $why;
	fail("$o->{url} does not work, and what was made was taken back: a message was sent and did not come")
		if !defined $came[0][1];
	printf "a message was sent through %s and came by long-poll in %.0f ms\n", $o->{url}, $came[0][1] * 1000;
}

# o: the options of setup, and prefix: where the programs are installed.
sub cgi_set_up {
	my ($o) = @_;
	look($o);
	look_at_address($o);
	take_steps($o, steps($o, look_at_database($o))) or return;
	print "\nOpen $o->{url} and log in as $o->{account}", defined $password ? " with the password $password" : '', "\n";
}

sub drop_schema {
	my ($config) = read_configuration($conf);
	my $statement = 'drop schema if exists confab, confab_site cascade';
	return print "psql is not here; to drop what is in the database: $statement\n" if !has_command('psql');
	run('dropping', undef, 'psql', '-Xqw', '-v', 'ON_ERROR_STOP=1', '-d', $config->{database}, '-c', $statement, '-c',
		q{do $$ begin execute format('alter role %I in database %I reset all', current_user, current_database()); end $$}
	);
}

sub cgi_take_back {
	my ($o) = @_;
	look($o);
	my @work = (["the page and the programs in $dir", sub { remove_files(listed()); unlink "$data/files", "$data/folder" }]);
	push @work, ['the schema in the database, with everything in it', \&drop_schema], [
		"$data, with the uploads, and what $conf says",
		sub {
			remove_tree($data);
			rmdir dirname($data);
			put_file($conf, slurp("$share/conf/confab.conf"), 0600) if $o->{site} eq 'confab';
			unlink $conf if $o->{site} ne 'confab';
		}
	] if $o->{data};
	take_back_all($o, @work) or return;
	print "done\n", $o->{data} ? '' : "The database, $data and $conf are still there; --data takes them, too.\n";
}

1;
