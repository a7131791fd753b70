# The doctor takes the way of a browser: requests through the public address.
package Confab::Check::Path;
use strict;
use warnings;
use Exporter qw(import);
use JSON::PP qw(encode_json);
use POSIX qw(mktime);
use Confab::Check::Cause;
use Confab::Check::Database;
use Confab::Check::Finding;
use Confab::FastCGI;
use Confab::Front;
use Confab::Http;
use Confab::System;
our @EXPORT =
	qw(check_address check_bodies check_certificate check_clients check_cookie check_metrics check_page check_port
	check_requests find_faults origin);

# The origin of the pages at the site's address.
sub origin {
	my ($scheme, $host, $port) = split_url($_[0]{url});
	return "$scheme://$host" . ($port == ($scheme eq 'https' ? 443 : 80) ? '' : ":$port");
}

# The site as somebody sees it who is not this machine: another address of the loopback network, or that of its network.
sub stranger {
	my ($site) = @_;
	return { %$site, (connect_name($site) =~ /^127\.|^localhost$/) ? (from => '127.0.0.2') : () };
}

sub connect_name { my ($site) = @_; return $site->{address} // (split_url($site->{url}))[1] }

# One finding for each line that may cause a symptom; with none that is known, the sentence alone.
sub find_faults {
	my ($site, $make, $symptom, $what, $why, @more) = @_;
	my @causes = because($site, $symptom, @more);
	$make->(what => $what, %$_, why => join '; ', grep {defined} $why, $_->{why}) for @causes;
	return if @causes;
	$make->(
		what => $what,
		why => $why,
		change => 'compare the configuration of what is before the programs with the samples in share/confab/conf'
	);
}

sub check_address {
	my ($site) = @_;
	my ($scheme, $host, $port, $path) = split_url($site->{url});
	my $mount = $site->{config}{mount};
	my $socket = eval { connect_to({ %$site, url => "http://$host:$port/" }) };
	my ($listener) = grep { $_->{listens} } @{ $site->{fronts} };
	my $known = $listener && $listener->{kind} . ($listener->{is_proxy} ? ', a proxy' : '');
	return fault(
		what => "nothing listens at $host:$port" . ($@ =~ /\((.*)\)/ ? " ($1)" : ''),
		why => 'no request reaches this machine',
		change => has_systemd()
		? 'systemctl start lighttpd   # or nginx, apache2'
		: 'service lighttpd start   # or nginx, apache2'
	) if !$socket;
	return fault(
		what => "people use the path $path, and the option mount is $mount",
		file => $site->{conf},
		line => $site->{at}{mount},
		change => "mount = $path",
		why => 'confab-bridge refuses WebSockets at another path, and the links in messages lead nowhere'
	) if $path ne $mount;
	note("$host:$port: " . ($known // 'a program that is not known here, or another machine'));
}

# What openssl says about the certificate at ADDRESS:PORT for a host: {left: days, reason: why it is not accepted};
# nothing where no TLS is spoken.
sub certificate_at {
	my ($to, $host) = @_;
	my (undef, $said) =
		try_run('', 'openssl', 's_client', '-connect', $to, '-servername', $host, '-verify_hostname', $host);
	my ($pem) = $said =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)/s or return;
	my (undef, $dates) = try_run($pem, qw(openssl x509 -noout -enddate));
	my ($month, $day, $time, $year) = $dates =~ /notAfter=(\w+)\s+(\d+) ([\d:]+) (\d+)/;
	my %month;
	@month{qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)} = 0 .. 11;
	my $left = (mktime((reverse split /:/, $time), $day, $month{$month}, $year - 1900) - time) / 86400;
	my ($code, $reason) = $said =~ /Verif\w+ (?:return code|error)[^\d\n]*(\d+) \(([^)]*)\)/;
	return { left => $left, reason => $code && $left > 0 ? $reason : undef };
}

# Findings about a certificate, where its file is named, and what reads it again.
sub judge_certificate {
	my ($is, $host, $reload, @where) = @_;
	fault(
		what => "the certificate is not accepted: $is->{reason}",
		@where,
		change => "certbot certonly -d $host   # and its fullchain.pem here",
		why => 'browsers show a warning instead of the page, and no WebSocket'
	) if $is->{reason};
	my $left = $is->{left};
	my %soon = (
		what => sprintf('the certificate %s %.0f days', $left > 0 ? 'ends in' : 'has ended before', abs $left),
		@where,
		change => "certbot renew   # and $reload",
		why => 'browsers then show a warning instead of the page'
	);
	$left > 0 ? warning(%soon) : fault(%soon) if $left < 14;
	note(sprintf 'valid for %.0f days', $left);
}

sub check_certificate {
	my ($site) = @_;
	my ($scheme, $host, $port) = split_url($site->{url});
	if ($scheme eq 'http') {
		return note('none: plain http on this machine') if $host =~ /^(?:localhost|127\.[\d.]+|\[::1\])$/;
		return warning(
			what => 'people come by plain http',
			why => 'passwords and messages can be read on the way, and the cookie is one that other sites can set',
			change => 'certbot --nginx   # or --apache; then confab check --url https://…'
		);
	}
	my $to = connect_name($site) . ":$port";
	my $is = certificate_at($to, $host)
		or return fault(
		what => "$to does not speak TLS",
		why => 'no browser gets in',
		change => 'a certificate in the web server\'s configuration, and "ssl" at its listen'
		);
	my ($line) = map {
		find_line($_, qr/^\s*(?:ssl_certificate\b|SSLCertificateFile|ssl\.pemfile|bind\b.*\bcrt\b|tls\b)/) // ()
	} @{ $site->{fronts} };
	judge_certificate($is, $host, 'reload the web server', $line ? (file => $line->{file}, line => $line->{line}) : ());
}

# The bridge's own port (option listen).
sub check_port {
	my ($site) = @_;
	my ($listen, $tls) = @{ $site->{config} }{qw(listen tls_certificate)};
	return note('none') if !$listen;
	my @where = (file => $site->{conf}, line => $site->{at}{listen});
	my ($address, $port) = $listen =~ /^(.*):(\d+)$/;
	$address =~ s/^0\.0\.0\.0$/127.0.0.1/;
	$address =~ s/^\[::\]$/127.0.0.1/;
	return note('at an IPv6 address, which is not tried') if $address =~ /^\[/;
	return fault(
		what => "nothing listens at $listen",
		@where,
		change => 'systemctl restart confab-bridge@' . ($site->{name} // 'confab')
			. '   # and journalctl -u it: the certificate, or another program there',
		why => 'front ends that use this port get no WebSocket'
	) if !eval { connect_to({ %$site, url => "http://$address:$port/", address => undef }) };
	if (!$tls) {
		return note('plain http, for a proxy on this machine') if $listen =~ /^(?:127\.|\[::1\])/;
		return warning(
			what => "WebSockets come to $listen by plain http",
			@where,
			change => 'tls_certificate and tls_key, or an address of this machine alone',
			why => 'tokens and messages can be read on the way'
		);
	}
	my (undef, $host) = split_url($site->{url});
	my $is = certificate_at("$address:$port", $host) or return fault(
		what => "$listen does not speak TLS",
		@where,
		change => 'systemctl restart confab-bridge@' . ($site->{name} // 'confab'),
		why => 'the program was started before tls_certificate was set'
	);
	judge_certificate($is, $host, 'systemctl kill -s HUP confab-bridge@' . ($site->{name} // 'confab'),
		file => $site->{conf}, line => $site->{at}{tls_certificate});
}

sub check_page {
	my ($site) = @_;
	my ($status, undef, $text, $head) = eval { request($site, 'GET', '') };
	return fault(what => "the page does not come: $@", why => 'people see nothing') if !$status;
	my $mount = $site->{config}{mount};
	fault(
		what => "the page is answered with $status",
		why => "the web server does not know $mount, or may not read the files",
		change => $status == 403
		? 'chmod -R o+rX share/confab/htdocs'
		: "the part of the site in the web server's configuration, with $mount: confab setup --mount $mount"
	) if $status >= 400;
	warning(
		what => "what is at $site->{url} is not confab's page",
		why => 'another part of the web server\'s configuration answers first',
		change => "Alias or location of $mount above the others"
	) if $status == 200 && $text !~ /confab/;
	warning(
		what => 'the page has no content security policy',
		why => 'it is the second defense against foreign scripts',
		change => 'Content-Security-Policy, as in the sample of the web server'
	) if $status == 200 && $head !~ /^content-security-policy:/mi;
	note("$status, with a policy");
}

# What readyz says, and for how long something else: asked for some seconds until it is 200, and never once only.
sub ask_ready {
	my ($site) = @_;
	my @answers;
	for my $attempt (1 .. 8) {
		my ($status, undef, $text) = eval { request($site, 'GET', 'readyz') };
		push @answers, { status => $status // 0, text => ($text // $@) =~ s/\s+\z//r };
		last if $attempt >= 3 && $answers[-1]{status} == 200 || !$status || $status == 404;
		select undef, undef, undef, 0.3 if $status != 200;
	}
	return @answers;
}

sub check_ready {
	my ($site) = @_;
	my @answers = ask_ready($site);
	my ($bad) = grep { $_->{status} != 200 } @answers;
	return if !$bad;
	return warning(
		what => "the first request was answered with $bad->{status} ($bad->{text}), later ones with 200",
		why => 'a manager of processes (mod_fcgid) gives a process its first request before it is ready',
		change => 'let the service start the programs, and pass requests to their sockets, as in the sample'
	) if $answers[-1]{status} == 200;
	my $is_ours = $bad->{status} != 404 && length $bad->{text} < 100;
	fault(
		what => "readyz is answered with $bad->{status}: " . ($is_ours ? $bad->{text} : 'a page of the web server'),
		why => $bad->{status} == 404 ? 'the web server does not pass it on: another mount?'
		: $is_ours ? 'confab-events itself says so'
		: 'the web server does not reach confab-events: see "sockets"',
		change => $is_ours
		? 'what "database" and "answers" say here'
		: 'location of readyz, as in the sample of the web server'
	);
}

# A request as by a program of the host application: with a token in the header Authorization.
sub check_requests {
	my ($site) = @_;
	check_ready($site);
	return skipped('no log-in: ' . $site->{no_token}) if !$site->{token};
	my ($status, $answer, $text) =
		eval { request($site, 'POST', 'command', { event_type => 'room.list', data => {} }, $site->{token}) };
	fault(
		what => "a command is not answered: $@",
		why => 'nobody can do anything',
		change => 'location of command, as in the sample of the web server'
	) if !$status;
	$site->{is_token_lost} = ($status // 0) == 401;
	find_faults(
		$site, \&fault, 'bearer',
		'a valid token is refused with 401, which confab-command accepts',
		'every client that has no cookie is refused'
	) if ($status // 0) == 401;
	fault(
		what => "a command is answered with $status"
			. ($answer->{error} ? " $answer->{error}{code}" : ' by the web server'),
		why => 'confab-command itself accepts it',
		change => 'location of command, as in the sample of the web server'
	) if ($status // 0) > 299 && $status != 401;
	note('readyz, and a command with a token');
}

# As a page does it: with the cookie, and the Origin that a browser adds.
sub check_cookie {
	my ($site) = @_;
	return skipped('no log-in: ' . $site->{no_token}) if !$site->{token};
	my $origin = origin($site);
	my ($status, undef, $text, $head) = eval {
		request($site, 'POST', 'session', { username => $site->{account}, password => $site->{password} },
			undef, "Origin: $origin");
	};
	return fault(
		what => 'a log-in is not answered: ' . $@,
		change => 'location of session, as in the sample of the web server',
		why => 'nobody can log in'
	) if !$status;
	return find_faults(
		$site, \&fault, 'host',
		"a log-in from the page is answered with $status, code 4002: the page counts as foreign",
		"the Host that arrives is not that of $origin"
	) if $status == 403;
	return fault(what => "a log-in is answered with $status " . substr($text, 0, 60), why => 'nobody can log in')
		if $status != 200;
	my ($cookie) = grep {/^(?:__Host-)?confab=/} $head =~ /^set-cookie:\s*(.*?)\r?$/mig;
	return fault(
		what => 'a log-in sets no cookie',
		why => 'something between here and confab-session drops Set-Cookie',
		change => 'the line of a proxy that hides Set-Cookie'
	) if !$cookie;
	find_faults(
		$site, \&fault, 'scheme',
		'people come by https, and the cookie is not Secure',
		'it is also sent by plain http, where it can be read'
	) if $site->{url} =~ /^https/ && $cookie !~ /;\s*Secure/i;
	($site->{cookie}) = $cookie =~ /^([^;]*)/;
	($status, my $answer) = eval {
		request(
			$site, 'POST', 'command', { event_type => 'room.list', data => {} },
			undef,
			"Origin: $origin",
			"Cookie: $site->{cookie}"
		);
	};
	find_faults(
		$site, \&fault, 'host',
		'a command from the page is answered with 403, code 4002: the page counts as foreign',
		"the Host that arrives is not that of $origin"
	) if ($status // 0) == 403;
	fault(
		what => 'a command with the cookie is answered with ' . ($status // "nothing: $@"),
		why => 'the page can do nothing',
		change => 'the header Cookie has to reach the programs'
	) if ($status // 0) != 200 && ($status // 0) != 403;
	($status) = eval {
		request(
			$site, 'POST', 'command', { event_type => 'room.list', data => {} },
			undef,
			'Origin: https://elsewhere.example',
			"Cookie: $site->{cookie}"
		);
	};
	fault(
		what => 'a command from a foreign page is obeyed',
		file => $site->{conf},
		line => $site->{at}{allowed_origins},
		why => 'any page that somebody visits can act for them',
		change => 'the header Origin has to reach the programs as it is'
	) if ($status // 0) == 200;
	note((split /=/, $cookie)[0] . ', for the pages of ' . $origin . ' alone');
}

# The web server has to let through what confab takes, which then refuses what is too much with a code.
sub check_bodies {
	my ($site) = @_;
	my %most = (command => $site->{config}{max_body}, media => $site->{config}{media_max_size} * 1048576);
	my %option = (command => 'max_body', media => 'media_max_size');
	for my $path (sort keys %most) {
		my $status = eval {
			ask_to_send(
				$site, $path, $most{$path},
				$site->{token} ? "Authorization: Bearer $site->{token}" : (),
				'Content-Type: application/octet-stream'
			);
		} // 0;
		my $symptom = $status == 413 ? 'body' : 'long_body';
		my @needed = ($most{$path}, qr/\Q$path\E\.sock/);
		find_faults(
			$site, \&fault, $symptom,
			"a body of $most{$path} bytes for $path is refused with 413",
			"$option{$path} allows it, and a page gets no code that it can explain", @needed
		) if $status == 413 || because($site, $symptom, @needed);
	}
	note("up to $most{command} bytes of a command and $site->{config}{media_max_size} MiB of an upload");
}

sub check_metrics {
	my ($site) = @_;
	my ($status, undef, $text) = eval { request(stranger($site), 'GET', 'metrics') };
	return find_faults(
		$site, \&fault, 'metrics',
		'everybody may read the metrics',
		'they say how many people are here, and when, and what your machine can do'
	) if ($status // 0) == 200 && $text =~ /^confab_/m;
	return note('answered with ' . ($status // 'nothing') . ' to strangers');
}

# The address that the programs know of a client, as the database has it.
sub check_clients {
	my ($site) = @_;
	return skipped('no log-in: ' . ($site->{no_token} // '')) if !$site->{token};
	my $from = stranger($site);
	my $stream = eval {
		my $s = open_websocket($from, "Authorization: Bearer $site->{token}");
		defined wait_for($s, 'session.ready', time) or die "no session.ready\n";
		$s;
	};
	return skipped("no WebSocket: $@") if !$stream;
	my ($id) = $stream->{read} =~ /"session_id":\s*"([0-9a-f-]+)"/;
	my $seen = ask_database($site, "select address from confab.session where id = '$id'");
	my $own = $from->{from} // ($stream->{socket}->can('sockhost') ? $stream->{socket}->sockhost : '');
	close_stream($stream);
	return find_faults(
		$site, \&warning, 'address',
		"the programs take $seen for the client, which is $own",
		'all people share one rate_address and one address_attempts: a few of them lock the others out'
	) if $own && $seen && $seen ne $own;
	return note($seen ? "a client from $seen is known as that" : 'not known');
}

1;
