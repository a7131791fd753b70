# From a symptom to the line of a web server or proxy that causes it: one table.
package Confab::Check::Cause;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Front;
our @EXPORT = qw(because);

# Where to change something: at a line that is there, or in the file.
sub at { my ($line, $change, $why, $where) = @_; return { file => $line->{file}, line => $line->{line}, change => $change, why => $why, where => $where } }
sub in { my ($front, $change, $why, $where) = @_; return { file => $front->{file}, change => $change, why => $why, where => $where } }

# The text of a line without its indentation.
sub text { return $_[0]{text} =~ s/^\s+|\s+$//gr }

# nginx: the first request that is passed to such a socket (or anywhere, from a proxy) while a directive is not as it
# has to be.
sub nginx_lacks {
	my ($front, $to, $name, $is_right, $change, $why) = @_;
	for my $pass (nginx_passes($front, $front->{is_proxy} ? qr/./ : $to)) {
		my $prefix = $pass->{name} =~ s/_pass$//r;
		my ($directive, $new) = map { s/PREFIX/$prefix/r } $name, $change;
		my @set = nginx_value($pass->{block}, $directive);
		next if grep { $is_right->(@{ $_->{words} }) } @set;
		my ($own) = grep { $_->{block} == $pass->{block} } @set;
		return at($own && $own->{name} !~ /header/ ? $own : $pass, $new, $why, $own ? 'instead of what stands there' : "beside \"" . text($pass) . '"');
	}
	return ();
}

# Apache: a ProxyPass to a socket that lacks a word.
sub apache_lacks {
	my ($front, $to, $word, $why) = @_;
	my ($pass) = grep { $_->{text} !~ /\Q$word\E/ } find_lines($front, qr/^\s*ProxyPass\b.*$to/) or return ();
	return at($pass, text($pass) . " $word", $why, 'instead of what stands there');
}

sub lacks { my ($front, $pattern, $change, $why, $where) = @_; return find_line($front, $pattern) ? () : in($front, $change, $why, $where) }
sub has { my ($front, $pattern, $change, $why) = @_; my $line = find_line($front, $pattern) // return (); return at($line, $change, $why, 'instead of what stands there') }

# A limit in bytes that is below what is needed.
sub below {
	my ($front, $pattern, $unit, $needed, $change, $why) = @_;
	my %unit = ('' => $unit, k => 1024, m => 1024 ** 2, g => 1024 ** 3);
	for my $line (find_lines($front, $pattern)) {
		my ($n, $of) = $line->{text} =~ $pattern;
		return at($line, $change, $why, 'instead of what stands there') if $n && $n * $unit{ lc substr $of // '', 0, 1 } < $needed;
	}
	return ();
}

my $events = qr/events\.sock/;
my $bridge = qr/bridge\.sock/;
my $forward = 'the programs have to know that people come by https: only then do they set a Secure cookie, and look for it';
my %causes = (
	# An event comes, but late.
	late => [
		[haproxy => sub { lacks($_[0], qr/^\s*option\s+http-no-delay/, 'option http-no-delay',
			'over HTTP/1.1 HAProxy lets the kernel wait for more bytes before it sends an event: 208 ms', 'in "defaults", or in the backend of the site') }],
	],
	# Nothing comes until there is more.
	held => [
		[nginx => sub { has($_[0], qr/^\s*(?:fastcgi|proxy)_ignore_headers.*X-Accel-Buffering/i, '(remove this line)', 'nginx then ignores that confab forbids it to buffer') }],
		[nginx => sub { nginx_lacks($_[0], $events, 'PREFIX_buffering', sub { $_[0] eq 'off' }, 'PREFIX_buffering off;', 'nginx keeps an answer until 4 or 8 KiB have come') }],
		[lighttpd => sub { lighttpd_keeps(@_) }],
		[apache => sub { apache_lacks($_[0], $events, 'flushpackets=on', 'Apache keeps 8 KiB of an answer') }],
		[apache => sub { find_line($_[0], qr/FcgidWrapper.*confab-events/) ? in($_[0], 'FcgidOutputBufferSize 0', 'mod_fcgid keeps 64 KiB of an answer') : () }],
		[caddy => sub { has($_[0], qr/^\s*encode\b/, '(remove this line for /events)', 'a compressed stream waits for more bytes') }],
		[haproxy => sub { has($_[0], qr/^\s*(?:option\s+http-buffer-request|http-response\s+wait-for-body|filter\s+compression|compression\s+algo)/,
			'(remove this line)', 'HAProxy then waits for more bytes') }],
	],
	# The stream is compressed.
	compressed => [
		[nginx => sub { has($_[0], qr/^\s*gzip_types.*(?:\*|event-stream)/, 'gzip_types text/javascript application/javascript text/css;',
			'a compressor waits for more bytes') }],
		[apache => sub { has($_[0], qr/SetOutputFilter\s+DEFLATE|AddOutputFilterByType\s+DEFLATE.*event-stream/i, 'AddOutputFilterByType DEFLATE text/html text/css text/javascript',
			'a compressor waits for more bytes') }],
		[lighttpd => sub { has($_[0], qr/deflate\.mimetypes.*(?:"text\/"|event-stream)/, 'deflate.mimetypes = ("text/javascript", "text/css", "text/html")',
			'a compressor waits for more bytes') }],
		[caddy => sub { has($_[0], qr/^\s*encode\b/, '@page not path *events', 'a compressor waits for more bytes: write "encode @page gzip" after this') }],
		[haproxy => sub { has($_[0], qr/^\s*compression\s+algo/, '(remove this line)', 'a compressor waits for more bytes') }],
	],
	# A WebSocket is not opened.
	upgrade => [
		[nginx => sub { nginx_lacks($_[0], $bridge, 'proxy_http_version', sub { $_[0] eq '1.1' }, 'proxy_http_version 1.1;', 'HTTP/1.0 has no Upgrade') }],
		[nginx => sub { nginx_lacks($_[0], $bridge, 'proxy_set_header', sub { lc $_[0] eq 'upgrade' },
			"proxy_set_header Upgrade \$http_upgrade;\nproxy_set_header Connection upgrade;", 'nginx drops these two headers unless they are set') }],
		[lighttpd => sub { lacks($_[0], qr/"upgrade"\s*=>\s*"enable"/, 'proxy.header = ("upgrade" => "enable")', 'lighttpd drops the header Upgrade', 'beside proxy.server') }],
		[apache => sub { apache_lacks($_[0], $bridge, 'upgrade=websocket', 'Apache drops the header Upgrade') }],
		[haproxy => sub { has($_[0], qr/^\s*(?:http-request\s+del-header\s+(?:Upgrade|Connection)|option\s+(?:httpclose|forceclose))/i, '(remove this line)', 'HAProxy then drops the header Upgrade') }],
	],
	# The path of WebSockets is another than that of the rest.
	route => [
		[nginx => sub { wrong_mount(@_, qr/^\s*location\b.*\bws\b/) }],
		[lighttpd => sub { wrong_mount(@_, qr/HTTP\["url"\].*\bws\|/) }],
		[apache => sub { wrong_mount(@_, qr/^\s*ProxyPass\b.*$bridge.*\bws\b/) }],
	],
	# A token in the header Authorization does not arrive.
	bearer => [
		[apache => sub { find_line($_[0], qr/FcgidWrapper/) ? lacks($_[0], qr/FcgidPassHeader\s+Authorization|CGIPassAuth\s+On/i, 'CGIPassAuth On',
			'Apache hides the header Authorization from programs', 'in <Directory> or <Location> of the programs') : () }],
		[apache => sub { lacks($_[0], qr/^\s*CGIPassAuth\s+On/i, 'CGIPassAuth On', 'Apache hides the header Authorization from programs unless it is told',
			'in <Location> of command, session, media, events and poll') }],
		[nginx => sub { has($_[0], qr/^\s*(?:fastcgi_pass_request_headers\s+off|(?:fastcgi_param\s+HTTP_|proxy_set_header\s+)AUTHORIZATION\s+"")/i, '(remove this line)', 'nginx then drops the header Authorization') }],
		[haproxy => sub { has($_[0], qr/^\s*http-request\s+del-header\s+Authorization/i, '(remove this line)', 'HAProxy then drops the header') }],
	],
	# https is not known to the programs.
	scheme => [
		[haproxy => sub { lacks($_[0], qr/^\s*http-request\s+(?:set|add)-header\s+X-Forwarded-Proto/i, 'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
			$forward, 'in the frontend of the site') }],
		[nginx => sub { $_[0]{is_proxy} ? nginx_lacks($_[0], qr/./, 'proxy_set_header', sub { lc $_[0] eq 'x-forwarded-proto' },
			'proxy_set_header X-Forwarded-Proto $scheme;', $forward) : () }],
		[lighttpd => sub { lacks($_[0], qr/mod_extforward/, qq(server.modules += ("mod_extforward")\nextforward.forwarder = ("127.0.0.1" => "trust")\nextforward.headers = ("X-Forwarded-For")),
			"$forward; with mod_extforward lighttpd believes the proxy at this address (write the proxy's)", 'below the part of confab') }],
		[nginx => sub { $_[0]{is_proxy} ? () : nginx_lacks($_[0], $events, 'fastcgi_param', sub { $_[0] eq 'HTTPS' && $_[1] !~ /^\$https$/ },
			"fastcgi_param HTTPS \$behind_https if_not_empty;\n# and in http { }: map \$http_x_forwarded_proto \$behind_https { https on; }\n# and for WebSockets: proxy_set_header X-Forwarded-Proto \$http_x_forwarded_proto;",
			"$forward; only if nobody but the proxy reaches nginx") }],
		[apache => sub { lacks($_[0], qr/SetEnvIf\w*\s+X-Forwarded-Proto/i, qq(SetEnvIf X-Forwarded-Proto "^https\$" HTTPS=on\n# and for WebSockets: RequestHeader set X-Forwarded-Proto https env=HTTPS),
			"$forward; only if nobody but the proxy reaches Apache") }],
	],
	# The Host of the address does not arrive with its port.
	host => [
		[nginx => sub { has($_[0], qr/^\s*fastcgi_param\s+HTTP_HOST\s+\$host\b/, 'fastcgi_param HTTP_HOST $http_host;', '$host has no port') }],
		[nginx => sub { $_[0]{is_proxy} ? nginx_lacks($_[0], qr/./, 'proxy_set_header', sub { lc $_[0] eq 'host' && $_[1] eq '$http_host' }, 'proxy_set_header Host $http_host;',
			'nginx names its upstream as Host unless it is told, and $host has no port') : () }],
		[nginx => sub { nginx_lacks($_[0], $bridge, 'proxy_set_header', sub { lc $_[0] eq 'host' && $_[1] eq '$http_host' }, 'proxy_set_header Host $http_host;', '$host has no port') }],
		[apache => sub { lacks($_[0], qr/^\s*ProxyPreserveHost\s+On/i, 'ProxyPreserveHost On', 'Apache names its upstream as Host unless it is told', 'in <LocationMatch> of ws, or where Apache passes requests on') }],
		[haproxy => sub { has($_[0], qr/^\s*http-request\s+(?:set|replace)-header\s+Host\b/i, '(remove this line)', 'the programs compare it with what people have in their browser') }],
		[caddy => sub { has($_[0], qr/^\s*header_up\s+Host\b/i, '(remove this line)', 'the programs compare it with what people have in their browser') }],
		[lighttpd => sub { has($_[0], qr/"Host"\s*=>/, '(remove this)', 'the programs compare it with what people have in their browser') }],
	],
	# A body is refused that confab would take. More: the bytes that have to pass, and the socket they are for.
	body => [
		[nginx => sub { my ($front, undef, $needed, $to) = @_;
			nginx_lacks($front, $to, 'client_max_body_size', sub { fits($needed, @_) }, 'client_max_body_size ' . int($needed / 1048576 + 1) . 'm;', 'nginx refuses a longer body (1m unless it is told)') }],
		[lighttpd => sub { below($_[0], qr/server\.max-request-size\s*=\s*(\d+)()/, 1024, $_[2], 'server.max-request-size = ' . int($_[2] / 1024 + 1024), 'lighttpd refuses a longer body; KiB') }],
	],
	# These two find out while they read it.
	long_body => [
		[apache => sub { below($_[0], qr/^\s*LimitRequestBody\s+(\d+)()/i, 1, $_[2], 'LimitRequestBody ' . ($_[2] + 1048576), 'Apache refuses a longer body') }],
		[apache => sub { below($_[0], qr/^\s*FcgidMaxRequestLen\s+(\d+)()/i, 1, $_[2], 'FcgidMaxRequestLen ' . ($_[2] + 1048576), 'mod_fcgid refuses a longer body') }],
		[caddy => sub { below($_[0], qr/^\s*max_size\s+(\d+)\s*(\w*)/, 1, $_[2], 'max_size ' . int($_[2] / 1048576 + 1) . 'MiB', 'Caddy refuses a longer body') }],
	],
	# Everybody may read the metrics.
	metrics => [
		[nginx => sub { my ($front, $site) = @_; in($front, "location = $site->{config}{mount}metrics { allow 127.0.0.1; allow ::1; deny all; … }", 'the sample has it') }],
		[lighttpd => sub { my ($front, $site) = @_; in($front, qq(\$HTTP["url"] == "$site->{config}{mount}metrics" { \$HTTP["remoteip"] != "127.0.0.1" { url.access-deny = ("") } }), 'the sample has it') }],
		[apache => sub { my ($front, $site) = @_; in($front, "<Location \"$site->{config}{mount}metrics\">\n\tRequire ip 127.0.0.1 ::1\n</Location>", 'the sample has it') }],
	],
	# The address of a client is that of a proxy.
	address => [
		[haproxy => sub { lacks($_[0], qr/^\s*option\s+forwardfor/, 'option forwardfor', 'HAProxy does not name the client unless it is told', 'in "defaults"') }],
		[lighttpd => sub { lacks($_[0], qr/mod_extforward/, qq(server.modules += ("mod_extforward")\nextforward.forwarder = ("127.0.0.1" => "trust")\nextforward.headers = ("X-Forwarded-For")),
			'lighttpd takes the proxy for the client', 'below the part of confab') }],
		[nginx => sub { $_[0]{is_proxy} ? () : lacks($_[0], qr/^\s*real_ip_header/, "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;", 'nginx takes the proxy for the client', 'in the server block') }],
		[apache => sub { lacks($_[0], qr/^\s*RemoteIPHeader/i, "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1", 'Apache takes the proxy for the client (a2enmod remoteip)') }],
	],
);

# lighttpd: the lines after the one that names events, up to the end of its block, without the setting that lets
# answers through.
sub lighttpd_keeps {
	my ($front) = @_;
	my ($inside, $setting) = (0);
	for my $line (@{ $front->{lines} }) {
		$inside = 1 if $line->{text} =~ /HTTP\["url"\].*\bevents\|/ && $line->{text} !~ /\?!/;
		$setting = $line if $inside && $line->{text} =~ /^\s*server\.stream-response-body\s*=/;
		$inside = 0 if $inside && $line->{text} =~ /^\s*\}/;
	}
	my @change = ('server.stream-response-body = 2', 'lighttpd keeps an answer until it is complete');
	return in($front, @change, 'in $HTTP["url"] of events and poll') if !$setting;
	return $setting->{text} =~ /=\s*0/ ? at($setting, @change, 'instead of what stands there') : ();
}

# nginx: whether a client_max_body_size lets so many bytes through.
sub fits {
	my ($needed, $size) = @_;
	my ($n, $unit) = $size =~ /^(\d+)([kmg]?)$/i or return 0;
	return $n == 0 || $n * { '' => 1, k => 1024, m => 1024 ** 2, g => 1024 ** 3 }->{ lc $unit } >= $needed;
}

# A line that names another path of WebSockets than the mount's.
sub wrong_mount {
	my ($front, $site, $pattern) = @_[0, 1, -1];
	my $mount = $site->{config}{mount};
	return () if grep { index($_->{text}, "${mount}ws") >= 0 } @{ $front->{lines} };
	my $line = find_line($front, $pattern) // return ();
	return at($line, text($line) =~ s{[\w./-]*\bws\b}{${mount}ws}r, 'the page opens its WebSocket there', 'instead of what stands there');
}

# Where a symptom may come from: a list of { file, line, change, why, where }, the nearest to the client first.
sub because {
	my ($site, $symptom, @more) = @_;
	my @all;
	for my $front (@{ $site->{fronts} }) {
		push @all, $_->[1]->($front, $site, @more) for grep { $_->[0] eq $front->{kind} } @{ $causes{$symptom} };
	}
	return @all;
}

1;
