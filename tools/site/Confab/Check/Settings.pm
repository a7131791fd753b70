# The doctor reads the configuration of web servers and proxies for what no short trial shows: timeouts, and settings
# that do harm only under load.
package Confab::Check::Settings;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Check::Finding;
use Confab::Front;
our @EXPORT = qw(check_serving check_timeouts);

my %unit = (ms => 0.001, s => 1, m => 60, h => 3600, d => 86400);
my $number = qr/["']?(\d+)(ms|s|m|h|d)?\b/;

# Settings that end a stream in which nothing comes: the name, what it looks like, the unit of a bare number, and the
# line to write, with the seconds in place of N.
my %timeouts = (
	haproxy => [
		['timeout server', qr/^\s*timeout\s+server\s+$number/, 'ms', 'timeout server Ns'],
		['timeout client', qr/^\s*timeout\s+client\s+$number/, 'ms', 'timeout client Ns'],
		['timeout tunnel', qr/^\s*timeout\s+tunnel\s+$number/, 'ms', 'timeout tunnel Ns'],
	],
	lighttpd => [
		['server.max-read-idle', qr/server\.max-read-idle\s*=\s*$number/, 's', 'server.max-read-idle = N'],
		['server.max-write-idle', qr/server\.max-write-idle\s*=\s*$number/, 's', 'server.max-write-idle = N'],
		['read-timeout', qr/"read-timeout"\s*=>\s*$number/, 's', '"read-timeout" => N'],
	],
	caddy => [
		['read_timeout', qr/^\s*read_timeout\s+$number/, 's', 'read_timeout Ns'],
		['write_timeout', qr/^\s*write_timeout\s+$number/, 's', 'write_timeout Ns'],
	],
);

# Those of a table's rows that a configuration sets.
sub set_timeouts {
	my ($front, $wanted) = @_;
	my @all;
	for my $row (@{ $timeouts{ $front->{kind} } // [] }) {
		my ($name, $like, $bare, $change) = @$row;
		for my $line (find_lines($front, $like)) {
			my ($n, $unit) = $line->{text} =~ $like;
			push @all, { %$line, name => $name, seconds => $n * $unit{ $unit // $bare }, change => $change =~ s/N/$wanted/r };
		}
	}
	return @all;
}

# Each timeout that a stream meets: { name, seconds, file, line, change }.
sub timeouts_of {
	my ($front, $wanted) = @_;
	my @all = set_timeouts($front, $wanted);
	for my $pass (nginx_passes($front, $front->{is_proxy} ? qr/./ : qr/(?:events|bridge)\.sock/)) {
		my $name = $pass->{name} =~ s/_pass$/_read_timeout/r;
		my ($set) = nginx_value($pass->{block}, $name);
		my ($n, $unit) = $set ? $set->{words}[0] =~ /^$number/ : (60, 's');
		push @all,
			{
			name => $name,
			seconds => $n * $unit{ $unit // 's' },
			file => ($set // $pass)->{file},
			line => ($set // $pass)->{line},
			change => "$name ${wanted}s;"
			};
	}
	return @all if $front->{kind} ne 'apache';
	my ($default) = (find_lines($front, qr/^\s*ProxyTimeout\s+\d+/i), find_lines($front, qr/^\s*Timeout\s+\d+/i));
	for my $line (
		find_lines(
			$front,
			$front->{is_proxy}
			? qr/^\s*ProxyPass\b/
			: qr/^\s*ProxyPass\b.*(?:events|bridge)\.sock.*(?:events|poll|ws|messaging)/
		)
	) {
		my ($n) = ($line->{text} =~ /\btimeout=(\d+)/ ? $1 : $default ? $default->{text} =~ /(\d+)/ : 60);
		push @all,
			{
			%$line,
			name => 'timeout of ProxyPass',
			seconds => $n,
			change => ($line->{text} =~ s/^\s+|\s+timeout=\d+//gr) . " timeout=$wanted"
			};
	}
	return @all;
}

# A stream in which nothing happens has a heartbeat; a timeout that is shorter ends it each time.
sub check_timeouts {
	my ($site) = @_;
	my $heartbeat = $site->{config}{heartbeat};
	my ($shortest, %seen);
	for my $front (@{ $site->{fronts} }) {
		for (timeouts_of($front, 3 * $heartbeat)) {
			$shortest = $_->{seconds} if !defined $shortest || $_->{seconds} < $shortest;
			next if $_->{seconds} > $heartbeat || $seen{"$_->{file}:$_->{line}"}++;
			fault(
				what =>
					"$front->{kind}: $_->{name} is $_->{seconds} s, and a quiet stream says something every $heartbeat s",
				file => $_->{file},
				line => $_->{line},
				change => $_->{change},
				where => 'instead of what stands there',
				why => 'each stream in which nobody writes ends and is opened again, all the time'
			);
		}
	}
	return skipped('no configuration of a web server was found on this machine') if !@{ $site->{fronts} };
	return note($shortest
		? "the shortest is $shortest s, the heartbeat $heartbeat s"
		: "the defaults, which are longer than the heartbeat of $heartbeat s");
}

# What does harm only under load, or when a client has gone.
my @harmful = (
	{
		kind => 'nginx',
		like => qr/^\s*fastcgi_keep_conn\s+on/,
		level => \&fault,
		what => 'FastCGI connections are reused',
		change => 'fastcgi_keep_conn off;',
		why => 'a kept connection keeps a worker: others get no answer'
	},
	{
		kind => 'apache',
		like => qr/^\s*ProxyPass\b.*fcgi:.*enablereuse=on/i,
		level => \&fault,
		what => 'FastCGI connections are reused',
		change => '(without enablereuse=on)',
		why => 'a kept connection keeps a worker: others get no answer'
	},
	{
		kind => 'apache',
		like => qr/FcgidWrapper.*confab-events|fcgid-script.*events/i,
		level => \&fault,
		what => 'mod_fcgid serves streams',
		change => 'ProxyPass "MOUNTevents" "unix:RUN/events.sock|fcgi://confab-events" flushpackets=on timeout=75',
		why =>
			'a new process answers its first request with 503, each stream takes a process, and FcgidBusyTimeout ends it'
	},
	{
		kind => 'apache',
		like => qr/^\s*ScriptAlias\b.*(?:confab|MOUNT)|cgi-script.*confab/i,
		level => \&warning,
		what => 'the programs run as CGI',
		change => 'ProxyPass "MOUNTcommand" "unix:RUN/command.sock|fcgi://confab-command"',
		why =>
			'a command takes 30 ms instead of 2, there are no streams, and mod_cgid cuts the answer to a body that is too large'
	},
	{
		kind => 'lighttpd',
		like => qr/^\s*cgi\.assign.*(?:confab|MOUNT)/,
		level => \&warning,
		what => 'the programs run as CGI',
		change =>
			'fastcgi.server += ("MOUNTcommand" => (("socket" => "RUN/command.sock", "check-local" => "disable")))',
		why => 'a command takes 30 ms instead of 2, and there are no streams'
	},
	{
		kind => 'haproxy',
		like => qr/^\s*mode\s+tcp/,
		level => \&warning,
		what => 'HAProxy passes bytes on without reading them',
		change => 'mode http',
		why => 'the web server sees its address instead of the client\'s, unless both speak the PROXY protocol'
	},
);

sub check_serving {
	my ($site) = @_;
	my %place = (MOUNT => $site->{config}{mount}, RUN => $site->{config}{run_dir});
	my $fill = sub { my ($text) = @_; $text =~ s/\b(MOUNT|RUN)(?=\b|[a-z])/$place{$1}/g; return $text };
	for my $front (@{ $site->{fronts} }) {
		for my $row (grep { $_->{kind} eq $front->{kind} } @harmful) {
			my $pattern = $fill->("$row->{like}");
			my $line = find_line($front, qr/$pattern/) // next;
			$row->{level}->(
				what => "$front->{kind}: $row->{what}",
				why => $row->{why},
				file => $line->{file},
				line => $line->{line},
				change => $fill->($row->{change})
			);
		}
	}
	note(join(', ', map {"$_->{kind} ($_->{file})"} @{ $site->{fronts} })
			|| 'no web server was found on this machine');
}

1;
