# From a symptom to the line of a web server or proxy that causes it. One table; the words in it are functions that look
# at a configuration and return the place to change, if there is one.
package Confab::Check::Cause;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Front;
our @EXPORT = qw(because);

my $instead = 'instead of what stands there';

# A line that is not there: the place is the file.
sub lacks {
	my ($pattern) = @_;
	return sub {
		my ($front) = @_;
		return find_line($front, $pattern) ? () : { file => $front->{file} };
	};
}

# A line that should not be there.
sub has {
	my ($pattern) = @_;
	return sub {
		my ($front) = @_;
		my $line = find_line($front, $pattern) // return ();
		return place_of($line, $instead);
	};
}

# The place is the file, whatever stands there.
sub anyhow {
	return { file => $_[0]{file} };
}

# Caddy: whether a line is in a block that is for another socket alone.
sub is_for_another {
	my ($front, $line, $asked) = @_;
	for my $block (caddy_blocks($front, qr/^\s*handle\b/)) {
		next if !grep { $_ == $line } @$block;
		my $text = join "\n", map { $_->{text} } @$block;
		return 1 if $text =~ /\.sock\b/ && $text !~ $asked;
	}
	return 0;
}

# A number of bytes that is below what is needed. unit: of a number without one.
sub below {
	my ($pattern, $unit) = @_;
	my %bytes = ('' => $unit, k => 1024, m => 1024**2, g => 1024**3);
	return sub {
		my ($front, $site, $needed, $asked) = @_;
		for my $line (grep { !is_for_another($front, $_, $asked) } find_lines($front, $pattern)) {
			my ($n, $of) = $line->{text} =~ $pattern;
			return place_of($line, $instead) if $n && $n * $bytes{ lc substr $of // '', 0, 1 } < $needed;
		}
		return ();
	};
}

# nginx: the first request that is passed to such a socket (from a proxy: anywhere) while a directive does not hold as
# it should. PREFIX stands for fastcgi or proxy. $to may be left to the caller of because().
sub unset {
	my ($to, $name, $is_right) = @_;
	return sub {
		my ($front, $site, $needed, $asked) = @_;
		for my $pass (nginx_passes($front, $front->{is_proxy} ? qr/./ : $to // $asked)) {
			my $prefix = $pass->{name} =~ s/_pass$//r;
			my @set = nginx_value($pass->{block}, $name =~ s/PREFIX/$prefix/r);
			next if grep { $is_right->(@{ $_->{words} }, $needed) } @set;
			my ($own) = grep { $_->{block} == $pass->{block} } @set;
			my $is_list = $name =~ /header|param/;
			return { %{ place_of($own, $instead) }, PREFIX => $prefix } if $own && !$is_list;
			return { %{ place_of($pass, 'beside "' . text_of($pass) . '"') }, PREFIX => $prefix };
		}
		return ();
	};
}

# Apache: a ProxyPass to a socket that lacks a word.
sub passes_without {
	my ($to, $word) = @_;
	return sub {
		my ($front) = @_;
		my ($pass) = grep { $_->{text} !~ /\Q$word\E/ } find_lines($front, qr/^\s*ProxyPass\b.*$to/) or return ();
		return { %{ place_of($pass, $instead) }, change => text_of($pass) . " $word" };
	};
}

# A line that names another path of WebSockets than the mount's.
sub of_another_mount {
	my ($pattern) = @_;
	return sub {
		my ($front, $site) = @_;
		my $path = "$site->{config}{mount}ws";
		return () if grep { index($_->{text}, $path) >= 0 } @{ $front->{lines} };
		my $line = find_line($front, $pattern) // return ();
		return { %{ place_of($line, $instead) }, change => text_of($line) =~ s{[\w./-]*\bws\b}{$path}r };
	};
}

# lighttpd: the block that names events, if it does not let answers through.
sub keeps_answers {
	my ($front) = @_;
	my ($inside, $setting) = (0);
	for my $line (@{ $front->{lines} }) {
		$inside = 1 if $line->{text} =~ /HTTP\["url"\].*\bevents\|/ && $line->{text} !~ /\?!/;
		$setting = $line if $inside && $line->{text} =~ /^\s*server\.stream-response-body\s*=/;
		$inside = 0 if $inside && $line->{text} =~ /^\s*\}/;
	}
	return { file => $front->{file}, where => 'in $HTTP["url"] of events and poll' } if !$setting;
	return $setting->{text} =~ /=\s*0/ ? place_of($setting, $instead) : ();
}

sub place_of {
	my ($line, $where) = @_;
	return { file => $line->{file}, line => $line->{line}, where => $where };
}

sub text_of {
	return $_[0]{text} =~ s/^\s+|\s+$//gr;
}

# nginx: whether a client_max_body_size lets so many bytes through.
sub fits {
	my ($size, $needed) = @_;
	my ($n, $unit) = $size =~ /^(\d+)([kmg]?)$/i or return 0;
	return $n == 0 || $n * { '' => 1, k => 1024, m => 1024**2, g => 1024**3 }->{ lc $unit } >= $needed;
}

# For unset(): whether a directive's words are as they should be.
sub is_word {
	my ($wanted) = @_;
	return sub { $_[0] eq $wanted };
}
sub is_header {
	my ($name, $value) = @_;
	return sub { lc $_[0] eq lc $name && (!defined $value || $_[1] eq $value) };
}
# $confab_https is the sample's; it knows no more while its lines for proxies have their mark.
my $knows_https = sub { $_[0] eq 'HTTPS' && $_[1] !~ /^\$(?:confab_)?https$/ };

my $events = qr/events\.sock/;
my $bridge = qr/bridge\.sock/;
my $remove = '(remove this line)';
my $trust_proxy = <<'END' =~ s/\n\z//r;
server.modules += ("mod_extforward")
extforward.forwarder = ("127.0.0.1" => "trust")
extforward.headers = ("X-Forwarded-For")
END

# Rows: whose configuration (of); only of a proxy, or only of what is no proxy (as); the word that looks (if); what to
# write (change), unless the word says so itself; in which part of the file (where), likewise; what is behind it (why).
# In "change" PREFIX, MOUNT, BYTES, KIB and MIB are filled in: the last three with the size that has to pass.
my %causes = (
	# An event comes, but late.
	late => [
		{ of => 'haproxy', if => lacks(qr/^\s*option\s+http-no-delay/), change => 'option http-no-delay',
			where => 'in "defaults", or in the backend of the site',
			why => 'over HTTP/1.1 HAProxy lets the kernel wait for more bytes before it sends an event: 208 ms' },
	],

	# Nothing comes until there is more.
	held => [
		{ of => 'nginx', if => has(qr/^\s*(?:fastcgi|proxy)_ignore_headers.*X-Accel-Buffering/i), change => $remove,
			why => 'nginx then ignores that confab forbids it to buffer' },
		{ of => 'nginx', if => unset($events, 'PREFIX_buffering', is_word('off')), change => 'PREFIX_buffering off;',
			why => 'nginx keeps an answer until 4 or 8 KiB have come' },
		{ of => 'lighttpd', if => \&keeps_answers, change => 'server.stream-response-body = 2',
			why => 'lighttpd keeps an answer until it is complete' },
		{ of => 'apache', if => passes_without($events, 'flushpackets=on'), why => 'Apache keeps 8 KiB of an answer' },
		{ of => 'apache', if => has(qr/FcgidWrapper.*confab-events/), change => 'FcgidOutputBufferSize 0',
			where => 'beside it', why => 'mod_fcgid keeps 64 KiB of an answer' },
		{ of => 'caddy', if => has(qr/^\s*encode\b/), change => $remove, why => 'a compressor waits for more bytes' },
		{ of => 'haproxy', if => has(qr/^\s*(?:http-response\s+wait-for-body|filter\s+compression|compression\s+algo)/),
			change => $remove, why => 'HAProxy then waits for more bytes' },
	],

	# The stream is compressed.
	compressed => [
		{ of => 'nginx', if => has(qr/^\s*gzip_types.*(?:\*|event-stream)/),
			change => 'gzip_types text/javascript application/javascript text/css;' },
		{ of => 'apache', if => has(qr/SetOutputFilter\s+DEFLATE|AddOutputFilterByType\s+DEFLATE.*event-stream/i),
			change => 'AddOutputFilterByType DEFLATE text/html text/css text/javascript' },
		{ of => 'lighttpd', if => has(qr/deflate\.mimetypes.*(?:"text\/"|event-stream)/),
			change => 'deflate.mimetypes = ("text/javascript", "text/css", "text/html")' },
		{ of => 'caddy', if => has(qr/^\s*encode\b/), change => "\@rest not path *events\nencode \@rest gzip" },
		{ of => 'haproxy', if => has(qr/^\s*compression\s+(?:algo|type)/), change => $remove },
	],

	# A WebSocket is not opened.
	upgrade => [
		{ of => 'nginx', if => unset($bridge, 'proxy_http_version', is_word('1.1')), change => 'proxy_http_version 1.1;',
			why => 'HTTP/1.0 has no Upgrade' },
		{ of => 'nginx', if => unset($bridge, 'proxy_set_header', is_header('Upgrade')),
			change => "proxy_set_header Upgrade \$http_upgrade;\nproxy_set_header Connection upgrade;",
			why => 'nginx drops these two headers unless they are set' },
		{ of => 'lighttpd', if => lacks(qr/"upgrade"\s*=>\s*"enable"/), change => 'proxy.header = ("upgrade" => "enable")',
			where => 'beside proxy.server', why => 'lighttpd drops the header Upgrade' },
		{ of => 'apache', if => passes_without($bridge, 'upgrade=websocket'), why => 'Apache drops the header Upgrade' },
		{ of => 'haproxy', if => has(qr/^\s*(?:http-request\s+del-header\s+(?:Upgrade|Connection)|option\s+httpclose)/i),
			change => $remove, why => 'HAProxy then drops the header Upgrade' },
	],

	# The path of WebSockets is another than that of the rest.
	route => [
		{ of => 'nginx', if => of_another_mount(qr/^\s*location\b.*\bws\b/) },
		{ of => 'lighttpd', if => of_another_mount(qr/HTTP\["url"\].*\bws\|/) },
		{ of => 'apache', if => of_another_mount(qr/^\s*ProxyPass\b.*$bridge.*\bws\b/) },
	],

	# A token in the header Authorization does not arrive.
	bearer => [
		{ of => 'apache', if => lacks(qr/^\s*(?:CGIPassAuth\s+On|FcgidPassHeader\s+Authorization)/i),
			change => 'CGIPassAuth On', where => 'in <Location> of command, session, media, events and poll',
			why => 'Apache hides the header Authorization from programs unless it is told' },
		{ of => 'nginx', if => has(qr/^\s*(?:fastcgi_pass_request_headers\s+off|\w+\s+(?:HTTP_)?AUTHORIZATION\s+"")/i),
			change => $remove, why => 'nginx then drops the header Authorization' },
		{ of => 'haproxy', if => has(qr/^\s*http-request\s+del-header\s+Authorization/i), change => $remove,
			why => 'HAProxy then drops the header Authorization' },
	],

	# https is not known to the programs: only then do they set a Secure cookie, and look for it.
	scheme => [
		{ of => 'haproxy', if => lacks(qr/^\s*http-request\s+(?:set|add)-header\s+X-Forwarded-Proto/i),
			change => 'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
			where => 'in the frontend of the site', why => 'HAProxy does not say so unless it is told' },
		{ of => 'nginx', as => 'proxy', if => unset(qr/./, 'proxy_set_header', is_header('X-Forwarded-Proto')),
			change => 'proxy_set_header X-Forwarded-Proto $scheme;', why => 'nginx does not say so unless it is told' },
		{ of => 'lighttpd', if => lacks(qr/mod_extforward/), change => $trust_proxy, where => 'below the part of confab',
			why => 'with mod_extforward lighttpd believes the proxy at this address (write the proxy\'s)' },
		{ of => 'nginx', as => 'server', if => unset($events, 'fastcgi_param', $knows_https), change => <<'END' =~ s/\n\z//r,
fastcgi_param HTTPS $behind_https if_not_empty;
# in http { }: map $http_x_forwarded_proto $behind_https { https on; }
# for WebSockets: proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
END
			why => 'only if nobody but the proxy reaches nginx' },
		{ of => 'apache', if => lacks(qr/SetEnvIf\w*\s+X-Forwarded-Proto/i), change => <<'END' =~ s/\n\z//r,
SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
# for WebSockets: RequestHeader set X-Forwarded-Proto https env=HTTPS
END
			why => 'only if nobody but the proxy reaches Apache' },
	],

	# The Host of the address does not arrive, or without its port.
	host => [
		{ of => 'nginx', if => has(qr/^\s*fastcgi_param\s+HTTP_HOST\s+\$host\b/),
			change => 'fastcgi_param HTTP_HOST $http_host;', why => '$host has no port' },
		{ of => 'nginx', if => unset($bridge, 'proxy_set_header', is_header('Host', '$http_host')),
			change => 'proxy_set_header Host $http_host;',
			why => 'nginx names its upstream as Host unless it is told, and $host has no port' },
		{ of => 'apache', if => lacks(qr/^\s*ProxyPreserveHost\s+On/i), change => 'ProxyPreserveHost On',
			where => 'in <LocationMatch> of ws, or where Apache passes requests on',
			why => 'Apache names its upstream as Host unless it is told' },
		{ of => 'haproxy', if => has(qr/^\s*http-request\s+(?:set|replace)-header\s+Host\b/i), change => $remove },
		{ of => 'caddy', if => has(qr/^\s*header_up\s+Host\b/i), change => $remove },
		{ of => 'lighttpd', if => has(qr/"Host"\s*=>/), change => $remove },
	],

	# A body is refused that confab would take; by its length alone, or while it is read.
	body => [
		{ of => 'nginx', if => unset(undef, 'client_max_body_size', \&fits), change => 'client_max_body_size MIBm;',
			why => 'nginx takes 1m unless it is told' },
		{ of => 'lighttpd', if => below(qr/server\.max-request-size\s*=\s*(\d+)()/, 1024),
			change => 'server.max-request-size = KIB', why => 'a number of KiB' },
	],
	long_body => [
		{ of => 'apache', if => below(qr/^\s*LimitRequestBody\s+(\d+)()/i, 1), change => 'LimitRequestBody BYTES' },
		{ of => 'apache', if => below(qr/^\s*FcgidMaxRequestLen\s+(\d+)()/i, 1), change => 'FcgidMaxRequestLen BYTES' },
		{ of => 'caddy', if => below(qr/^\s*max_size\s+(\d+)\s*(\w*)/, 1), change => 'max_size MIBMiB' },
	],

	# Everybody may read the metrics.
	metrics => [
		{ of => 'nginx', if => \&anyhow, change => "allow 127.0.0.1;\nallow ::1;\ndeny all;",
			where => 'in location of MOUNTmetrics' },
		{ of => 'lighttpd', if => \&anyhow, change => '$HTTP["remoteip"] != "127.0.0.1" { url.access-deny = ("") }',
			where => 'in $HTTP["url"] == "MOUNTmetrics"' },
		{ of => 'apache', if => \&anyhow, change => 'Require ip 127.0.0.1 ::1', where => 'in <Location "MOUNTmetrics">' },
		{ of => 'haproxy', if => \&anyhow, change => 'http-request deny if { path MOUNTmetrics }',
			where => 'in the frontend of the site', why => 'for the web server everybody comes from this machine' },
	],

	# The address of a client is that of a proxy.
	address => [
		{ of => 'haproxy', if => lacks(qr/^\s*option\s+forwardfor/), change => 'option forwardfor',
			where => 'in "defaults"', why => 'HAProxy does not name the client unless it is told' },
		{ of => 'lighttpd', if => lacks(qr/mod_extforward/), change => $trust_proxy, where => 'below the part of confab',
			why => 'lighttpd takes the proxy for the client' },
		{ of => 'nginx', as => 'server', if => lacks(qr/^\s*real_ip_header/), where => 'in the server block',
			change => "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;",
			why => 'nginx takes the proxy for the client' },
		{ of => 'apache', if => lacks(qr/^\s*RemoteIPHeader/i), why => 'Apache takes the proxy for the client',
			change => "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1   # after a2enmod remoteip" },
	],
);

# Where a symptom may come from: a list of { file, line, change, why, where }, the nearest to the client first. needed:
# the bytes that have to pass; to: the socket that they are for.
sub because {
	my ($site, $symptom, $needed, $to) = @_;
	my $bytes = $needed // 0;
	my %fill = (MOUNT => $site->{config}{mount}, BYTES => $bytes + 1048576, KIB => int($bytes / 1024) + 1024,
		MIB => int($bytes / 1048576) + 1);
	my @all;
	for my $front (@{ $site->{fronts} }) {
		for my $row (grep { $_->{of} eq $front->{kind} } @{ $causes{$symptom} }) {
			next if $row->{as} && ($row->{as} eq 'proxy') != !!$front->{is_proxy};
			my $place = $row->{if}->($front, $site, $needed, $to) // next;
			my %text = (change => $row->{change}, where => $row->{where}, why => $row->{why}, %$place);
			my %word = (%fill, PREFIX => $place->{PREFIX} // '');
			for (grep { defined } @text{qw(change where)}) { s/(PREFIX|MOUNT|BYTES|KIB|MIB)/$word{$1}/g }
			push @all, { map { ($_ => $text{$_}) } grep { defined $text{$_} } qw(file line change where why) };
		}
	}
	return @all;
}

1;
