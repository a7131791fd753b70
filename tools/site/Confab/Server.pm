# The web servers that setup knows. Each has a row: how it is recognised, where its part goes, how it is checked and
# reloaded.
package Confab::Server;
use strict;
use warnings;
use Exporter qw(import);
use Confab::System;
our @EXPORT = qw(server_find server_files server_part server_enable server_disable server_is_enabled);

my %servers = (
	lighttpd => {
		process => 'lighttpd',
		part => '/etc/lighttpd/conf-available/95-%s.conf',
		check => [qw(lighttpd -tt -f /etc/lighttpd/lighttpd.conf)],
		modules => sub { () },
	},
	nginx => {
		process => 'nginx',
		part => '/etc/nginx/snippets/%s.conf',
		check => [qw(nginx -t -q)],
		modules => sub { () },
	},
	apache => {
		process => 'apache2',
		part => '/etc/apache2/conf-available/%s.conf',
		check => [qw(apache2ctl configtest)],
		modules => sub { qw(alias dir mime headers deflate proxy proxy_fcgi proxy_http) },
	},
);

# The server that runs, else the one that is installed; wanted: its name. Ends the program when there is none, or more.
sub server_find {
	my ($wanted) = @_;
	fail("--server $wanted: " . join(', ', sort keys %servers)) if $wanted && !$servers{$wanted};
	my @names = $wanted ? $wanted : sort keys %servers;
	my @there = grep { has_command($servers{$_}{process}) } @names;
	my @running = grep { process_runs($servers{$_}{process}) } @there;
	fail("no web server: apt install lighttpd, or nginx, or apache2") if !@there;
	@there = @running if @running;
	fail('several web servers: say which with --server ' . join(' or ', @there)) if @there > 1;
	return $there[0];
}

sub part_file {
	my ($server, $site) = @_;
	my $name = $site eq 'confab' ? $site : "confab-$site";
	return sprintf $servers{$server}{part}, $name;
}

# The files of nginx with a server block that a request for the host would reach: those that name it, else all.
sub nginx_hosts {
	my ($host) = @_;
	my (%block, $file);
	for (split /\n/, capture(qw(nginx -T)) // '') {
		$file = $1 if /^# configuration file (.*):$/;
		$block{$file} .= "$_\n" if $file;
	}
	my @files = grep { $block{$_} =~ /^\s*server\s*\{/m } sort keys %block;
	my @named = grep { $block{$_} =~ /server_name[^;]*\s\Q$host\E[\s;]/ } @files;
	return @named ? @named : @files;
}

# The files that enabling changes, in words. host: the one that people will use.
sub server_files {
	my ($server, $site, $host) = @_;
	my $part = part_file($server, $site);
	return ($part) if $server ne 'nginx';
	my @hosts = nginx_hosts($host);
	fail('nginx has no server block') if !@hosts;
	fail("nginx has several files with server blocks: say which host with --host\n  @hosts") if @hosts > 1;
	return ($part, $hosts[0]);
}

# The text of a server's part: the sample with the places of the site.
sub server_part {
	my ($server, $share, $places) = @_;
	my $text = slurp("$share/templates/$server.conf.in") // fail("$share/templates/$server.conf.in: $!");
	$text =~ s/\A.*?^(?=# confab\n)//ms if $server eq 'lighttpd';
	$text =~ s/\@([A-Z_]+)\@/$places->{$1} \/\/ fail("no value for \@$1\@")/ge;
	return "# Written by confab setup; it is written again when setup runs.\n$text";
}

my $mark = '# confab setup';

sub nginx_include {
	my ($file, $part, $wanted) = @_;
	my $text = slurp($file) // fail("$file: $!");
	$text =~ s/^[^\n]*\Q$part\E;[^\n]*\Q$mark\E[^\n]*\n//mg;
	# Not where all is sent elsewhere, as from http to https.
	$text =~ s/(^\s*server\s*\{[^\n]*\n)(?!(?:(?!^\}).)*^\s*return 30)/$1\tinclude $part; $mark\n/msg if $wanted;
	return $text;
}

sub server_is_enabled {
	my ($server, $site, $host, $text) = @_;
	my ($part, $file) = server_files($server, $site, $host);
	return 0 if (slurp($part) // '') ne $text;
	return nginx_include($file, $part, 1) eq (slurp($file) // '') if $server eq 'nginx';
	return -e $part =~ s/-available/-enabled/r;
}

# Checks the configuration and has the server read it. What was changed is taken back when it is refused.
sub reload {
	my ($server, $undo) = @_;
	my $s = $servers{$server};
	my $said = '';
	if (!succeeds(@{ $s->{check} })) {
		$said = capture('sh', '-c', "@{ $s->{check} } 2>&1; true") // '';
		$undo->();
		fail("$server refuses the configuration; nothing was changed there:\n$said");
	}
	my $service = $s->{process};
	if (has_systemd()) {
		run("restarting $server", undef, 'systemctl', $server eq 'lighttpd' ? 'restart' : 'reload-or-restart', $service);
	} elsif (process_runs($service) && $server ne 'lighttpd') {
		run("reloading $server", undef, 'service', $service, 'reload');
	} else {
		run("starting $server", undef, 'service', $service, 'restart');
	}
}

sub server_enable {
	my ($server, $site, $host, $text) = @_;
	my ($part, $file) = server_files($server, $site, $host);
	my $before = $file && slurp($file);
	my $old = slurp($part);
	my $undo = sub {
		put_file($file, $before) if $file;
		unlink $part =~ s/-available/-enabled/r if !defined $old && !$file;
		defined $old ? put_file($part, $old) : unlink $part;
	};
	put_file($part, $text, 0644);
	if ($server eq 'nginx') {
		put_file($file, nginx_include($file, $part, 1));
	} elsif ($server eq 'apache') {
		run('enabling modules', undef, 'a2enmod', '-q', $servers{apache}{modules}->());
		run('enabling the configuration', undef, 'a2enconf', '-q', $part =~ m{([^/]+)\.conf$});
	} else {
		symlink "../conf-available/" . ($part =~ m{([^/]+)$})[0], $part =~ s/-available/-enabled/r;
	}
	reload($server, $undo);
}

sub server_disable {
	my ($server, $site, $host) = @_;
	my $part = part_file($server, $site);
	return if !-e $part;
	if ($server eq 'nginx') {
		for my $file (nginx_hosts($host)) {
			my $text = nginx_include($file, $part, 0);
			put_file($file, $text) if $text ne slurp($file);
		}
	} else {
		unlink $part =~ s/-available/-enabled/r;
	}
	unlink $part;
	reload($server, sub { });
}

1;
