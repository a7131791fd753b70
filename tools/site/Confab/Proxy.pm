# HAProxy before the web server, for setup: whether it ends TLS there, and the lines that it lacks for streams and for
# clients' addresses, each with a mark.
package Confab::Proxy;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Front;
use Confab::System;
our @EXPORT = qw(haproxy_find haproxy_text haproxy_is_set haproxy_enable haproxy_disable);

my $file = '/etc/haproxy/haproxy.cfg';
my $mark = '# confab setup';

# What a section has to say: [the line, what it lacks]. As the sample conf/haproxy.conf.in.
my @lines_of_frontend = (
	['option http-no-delay', qr/^option\s+http-no-delay\b/],
	['http-request set-header X-Forwarded-For %[src]', qr/^http-request\s+set-header\s+X-Forwarded-For\b/i],
	['http-request set-header X-Forwarded-Proto https if { ssl_fc }', qr/^http-request\s+set-header\s+X-Forwarded-Proto\b/i],
	['timeout client 75s', qr/^timeout\s+client\b/],
);
my @lines_of_backend = (
	['option http-no-delay', qr/^option\s+http-no-delay\b/],
	['timeout tunnel 75s', qr/^timeout\s+tunnel\b/],
	['timeout server 75s', qr/^timeout\s+server\b/],
);
my @lines_of_global = (['hard-stop-after 10s', qr/^hard-stop-after\b/]);

# The sections: { kind, name, line: the number of the first, from 0, said: their lines without comments }.
sub sections {
	my ($number, @all) = (0);
	for (split /\n/, $_[0]) {
		my $said = s/(?:^|\s)#.*//r =~ s/^\s+|\s+$//gr;
		if (/^(global|defaults|frontend|backend|listen|userlist|peers|resolvers|mailers|cache|program|ring)\b\s*(\S*)/) {
			push @all, { kind => $1, name => $2, line => $number, said => [] };
		} elsif (@all && $said ne '') {
			push @{ $all[-1]{said} }, $said;
		}
		$number++;
	}
	return @all;
}

sub says { return scalar grep { $_ =~ $_[1] } @{ $_[0]{said} } }

# The way through HAProxy that ends TLS and goes on to a port of this machine: { frontends, backends, port: where people
# come }, or undef. is_ours: whether a port is the web server's.
sub way {
	my ($text, $is_ours) = @_;
	my @all = sections($text);
	my $leads = sub {
		my ($section) = @_;
		return scalar grep { /^server\s+\S+\s+(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)/ && $is_ours->($1) } @{ $section->{said} };
	};
	my @backends = grep { $_->{kind} =~ /^(?:backend|listen)$/ && $leads->($_) } @all;
	my %to = map { ($_->{name} => 1) } @backends;
	my @frontends = grep {
		my $section = $_;
		$section->{kind} =~ /^(?:frontend|listen)$/ && says($section, qr/^bind\s.*\sssl\b/)
			&& ($section->{kind} eq 'listen' && $to{ $section->{name} }
				|| grep { /^(?:default|use)_backend\s+(\S+)/ && $to{$1} } @{ $section->{said} });
	} @all;
	return undef if !@frontends;
	my ($port) = map { /^bind\s+\S*:(\d+)\s.*\bssl\b/ } map { @{ $_->{said} } } @frontends;
	return { frontends => \@frontends, backends => \@backends, port => $port // 443 };
}

# The configuration with the lines that it lacks, or without ours.
sub haproxy_text {
	my ($text, $is_ours, $wanted) = @_;
	$text =~ s/^\t[^\n]* \Q$mark\E\n//mg;
	my $way = $wanted && way($text, $is_ours) or return $text;
	my @lines = split /(?<=\n)/, $text;
	my $add = sub {
		my ($section, @wanted) = @_;
		# Each once, also where a section is both.
		$lines[ $section->{line} ] .= join '', map {"\t$_->[0] $mark\n"} grep { !says($section, $_->[1]) && !$section->{has}{ $_->[0] }++ } @wanted;
	};
	$add->($_, @lines_of_frontend) for @{ $way->{frontends} };
	$add->($_, @lines_of_backend) for map { my $b = $_; (grep { $_->{line} == $b->{line} } @{ $way->{frontends} })[0] // $b } @{ $way->{backends} };
	my ($global) = grep { $_->{kind} eq 'global' } sections($text);
	$add->($global, @lines_of_global) if $global;
	return join '', @lines;
}

# Whether a port of this machine is one where a web server listens: that of the process name, if it runs.
sub listener {
	my ($process) = @_;
	my @fronts = grep { $_->{kind} eq ($process eq 'apache2' ? 'apache' : $process) } fronts();
	return sub {
		my ($port) = @_;
		return @fronts ? scalar grep { is_listening($_, $port) } @fronts : $port == 80;
	};
}

# The way through HAProxy to a web server, known by its process. wanted: 'none', or 'haproxy', which has to be there;
# sample: the file of the sample, which is shown if it is not.
sub haproxy_find {
	my ($process, $wanted, $sample) = @_;
	return undef if ($wanted // '') eq 'none' || !$wanted && !has_command('haproxy');
	fail('no HAProxy here: apt install haproxy') if !has_command('haproxy');
	my $is_ours = listener($process);
	my $way = way(slurp($file) // '', $is_ours);
	return { %$way, is_ours => $is_ours } if $way;
	return undef if !$wanted;
	my %place = (LISTEN => '*:443', CERTIFICATE => '/etc/haproxy/site.pem', WEB => '127.0.0.1:80', SITE => 'site');
	my $shown = (slurp($sample) // '') =~ s/\A(?:#.*\n)+//r =~ s/\@([A-Z]+)\@/$place{$1}/gr;
	fail(qq($file has no frontend with "bind … ssl" that leads to the web server. Put this there, and run setup again:\n$shown));
}

sub haproxy_is_set {
	my ($way) = @_;
	my $text = slurp($file) // return 0;
	return haproxy_text($text, $way->{is_ours}, 1) eq $text && process_runs('haproxy');
}

# Writes its configuration and has it read again; what was there comes back when it is refused.
sub put {
	my ($text) = @_;
	my $before = slurp($file) // return;
	put_file($file, $text) if $text ne $before;
	my ($ok, $said) = try_run('', 'haproxy', '-c', '-f', $file);
	if (!$ok) {
		put_file($file, $before);
		fail("HAProxy refuses its configuration; nothing was changed there:\n$said");
	}
	run('reloading HAProxy', undef, has_systemd() ? qw(systemctl reload-or-restart haproxy)
		: ('service', 'haproxy', process_runs('haproxy') ? 'reload' : 'start'));
}

sub haproxy_enable { put(haproxy_text(slurp($file), $_[0]{is_ours}, 1)) }

sub haproxy_disable {
	my $text = slurp($file) // return;
	my $without = haproxy_text($text, undef, 0);
	put($without) if $without ne $text;
}

1;
