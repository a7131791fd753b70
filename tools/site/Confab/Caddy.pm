# Caddy for setup: where in a Caddyfile a site's part is imported, the group by which Caddy reaches the sockets, and its
# service, which has no script where systemd does not run.
package Confab::Caddy;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Site;
use Confab::System;
our @EXPORT = qw(caddy_include caddy_join caddy_leave caddy_may_read caddy_reload);

my ($mark, $group) = ('# confab setup', $ENV{CONFAB_GROUP} // 'www-data');
my $joined = site_etc() . '/.caddy-joined';    # is there if setup has put Caddy into the group

# The blocks of sites: { line: the number of the first, from 0, addresses }. Neither snippets nor global options are.
sub sites {
	my ($number, $depth, @sites) = (0, 0);
	for (split /\n/, $_[0]) {
		my $line = s/(?:^|\s)#.*//r;
		push @sites, { line => $number, addresses => [split /[,\s]+/, $1] } if !$depth && $line =~ /^([^\s({][^{]*?)\s*\{\s*$/;
		$depth++ if $line =~ /\{\s*$/;
		$depth-- if $line =~ /^\s*\}/;
		$number++;
	}
	return @sites;
}

# The host of an address; empty: any.
sub host_of { return $_[0] =~ s{^[a-z]+://}{}r =~ s{[:/].*}{}r }

# A Caddyfile with a part imported where a request for the host is answered, or without it. A site of its own is added
# where none fits; its address is without a scheme, for which Caddy gets a certificate, if at->{secure}.
sub caddy_include {
	my ($text, $part, $wanted, $at) = @_;
	$text =~ s/^\Q$mark\E: begin \Q$part\E\n.*?^\Q$mark\E: end\n//msg;
	$text =~ s/^\timport \Q$part\E \Q$mark\E\n//mg;
	return $text if !$wanted;
	my @sites = sites($text);
	my @chosen = grep { grep { host_of($_) eq $at->{host} } @{ $_->{addresses} } } @sites;
	@chosen = grep { grep { host_of($_) eq '' } @{ $_->{addresses} } } @sites if !@chosen && !$at->{whole};
	if (!@chosen) {
		my $address = $at->{secure} ? $at->{host} : "http://$at->{host}";
		$text .= "\n" if $text !~ /\n\z/;
		return "$text$mark: begin $part\n$address {\n\timport $part\n}\n$mark: end\n";
	}
	my @lines = split /(?<=\n)/, $text;
	$lines[ $_->{line} ] .= "\timport $part $mark\n" for @chosen;
	return join '', @lines;
}

sub is_member {
	return scalar grep { $_ eq 'caddy' } split ' ', (getgrnam $group)[3] // '';
}

# Whether Caddy's user, and the process that runs, are in the sockets' group.
sub caddy_may_read {
	return 0 if !is_member();
	for my $comm (glob '/proc/[0-9]*/comm') {
		next if (slurp($comm) // '') ne "caddy\n";
		my ($groups) = (slurp($comm =~ s/comm$/status/r) // '') =~ /^Groups:(.*)$/m;
		return 0 if !grep { $_ == getgrnam $group } split ' ', $groups // '';
	}
	return 1;
}

sub caddy_join {
	return if is_member();
	run("putting caddy into the group $group", undef, 'usermod', '-aG', $group, 'caddy');
	put_file($joined, '', 0600);
}

# Takes Caddy out of the group again when no part of a site is left.
sub caddy_leave {
	return if !-e $joined || glob '/etc/caddy/confab*.conf';
	run("taking caddy out of the group $group", undef, 'gpasswd', '-d', 'caddy', $group);
	unlink $joined;
}

# A process that lacks the group has to be replaced; else it reads its configuration again.
sub caddy_reload {
	my @config = qw(--adapter caddyfile --config /etc/caddy/Caddyfile);
	my $again = process_runs('caddy') && caddy_may_read();
	if (has_systemd()) {
		run('restarting caddy', undef, 'systemctl', $again ? 'reload-or-restart' : 'restart', 'caddy');
	} elsif ($again) {
		run('reloading caddy', undef, qw(caddy reload --force), @config);
	} else {
		capture(qw(caddy stop)) if process_runs('caddy');
		run('starting caddy', undef, qw(setpriv --reuid caddy --regid caddy --init-groups --inh-caps +net_bind_service
			--ambient-caps +net_bind_service env HOME=/var/lib/caddy caddy start), @config);
	}
}

1;
