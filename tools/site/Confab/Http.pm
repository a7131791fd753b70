# HTTP/1.1 with a site, as browsers speak it: requests, Server-Sent Events and WebSockets, over TCP, TLS or the unix
# socket of a program. TLS is the openssl command, so Perl's own modules are enough.
package Confab::Http;
use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP qw(decode_json encode_json);
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Time::HiRes qw(time);
our @EXPORT =
	qw(ask_to_send close_stream connect_to open_events open_websocket read_head read_some request send_request
	split_url wait_for);

my $LONG = 10;    # seconds that an answer may take

# (scheme, host, port, path) of an address.
sub split_url {
	my ($url) = @_;
	my ($scheme, $host, $port, $path) = $url =~ m{^(https?)://(\[[^]]+\]|[^/:]+)(?::(\d+))?(/.*)?$}
		or die "$url: not an address\n";
	return ($scheme, $host, $port // ($scheme eq 'https' ? 443 : 80), $path // '/');
}

# A socket whose other end is openssl, which speaks TLS. Certificates are a matter of their own (Confab::Check::Path).
sub tls_socket {
	my ($host, $to, @more) = @_;
	socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!\n";
	defined(my $pid = fork) or die "fork: $!\n";
	if (!$pid) {
		open STDIN, '<&', $theirs;
		open STDOUT, '>&', $theirs;
		open STDERR, '>', '/dev/null';
		close $ours;
		exec qw(openssl s_client -quiet -nocommands -servername), $host, '-connect', $to, @more or exit 127;
	}
	bless $ours, 'IO::Handle';
	return $ours;
}

# The socket of a site: { url => 'https://host:port/chat/', address => where it is reached, if not by its name,
# from => our own address, socket => the unix socket to use instead, patience => seconds that an answer may take }.
sub connect_to {
	my ($site) = @_;
	if ($site->{socket}) {
		return IO::Socket::UNIX->new(Peer => $site->{socket}) // die "nothing listens at $site->{socket} ($!)\n";
	}
	my ($scheme, $host, $port) = split_url($site->{url});
	my $name = $site->{address} // $host =~ tr/[]//dr;
	my %to =
		(PeerHost => $name, PeerPort => $port, Timeout => $LONG, $site->{from} ? (LocalAddr => $site->{from}) : ());
	my $socket = IO::Socket::INET->new(%to) // die "nothing listens at $name:$port ($!)\n";
	return $socket if $scheme eq 'http';
	close $socket;
	return tls_socket($host, "$name:$port", $site->{from} ? ('-bind', "$site->{from}:0") : ());
}

# What a socket has, within so many seconds; undef: nothing, or its end.
sub read_some {
	my ($socket, $seconds) = @_;
	return undef if !IO::Select->new($socket)->can_read($seconds > 0 ? $seconds : 0);
	my $n = sysread $socket, my $bytes, 65536;
	return $n ? $bytes : undef;
}

# Sends a request. The answer is read from what is returned: { socket, read: what came so far }.
sub send_request {
	my ($site, $method, $path, $headers, $body) = @_;
	my ($host, $mount) = $site->{url} =~ m{^https?://([^/]+)(/.*)};
	$mount = '' if $path =~ m{^/};
	local $SIG{PIPE} = 'IGNORE';
	my $socket = connect_to($site);
	my $head = "$method $mount$path HTTP/1.1\r\nHost: $host\r\n" . join '', map {"$_\r\n"} @$headers,
		defined $body ? 'Content-Length: ' . length $body : ();
	syswrite $socket, "$head\r\n" . ($body // '');
	return { socket => $socket, read => '', path => $path, patience => $site->{patience} // $LONG };
}

# The (status, head) of the answer; what came after the head stays to be read. Dies with a sentence when none comes.
sub read_head {
	my ($stream) = @_;
	my ($start, $head) = (time, '');
	while (index($stream->{read}, "\r\n\r\n") < 0) {
		$stream->{read} .= read_some($stream->{socket}, $stream->{patience})
			// die "$stream->{path}: "
			. (
			time - $start < $stream->{patience}
			? 'the connection was closed without an answer'
			: "no answer within $stream->{patience} s")
			. "\n";
	}
	($head, $stream->{read}) = split /\r\n\r\n/, $stream->{read}, 2;
	return ($head =~ m{^HTTP/1\.\d (\d+)} ? $1 : 0, $head);
}

# Asks whether a body of so many bytes may be sent, which is not sent. Returns the status: 100 if it may, 0 if nothing
# was said.
sub ask_to_send {
	my ($site, $path, $bytes, @headers) = @_;
	my $stream = send_request($site, 'POST', $path, [@headers, 'Expect: 100-continue', "Content-Length: $bytes"]);
	my ($status) = eval { read_head($stream) };
	close_stream($stream);
	return $status // 0;
}

# A whole request: (status, object of the answer, text of the answer, its head).
sub request {
	my ($site, $method, $path, $body, $token, @more) = @_;
	my @headers =
		('Connection: close', 'Content-Type: application/json', $token ? "Authorization: Bearer $token" : (), @more);
	my $stream = send_request($site, $method, $path, \@headers, ref $body ? encode_json($body) : $body);
	my ($status, $head) = read_head($stream);
	my $end = $head =~ /^content-length:\s*(\d+)/mi ? $1 : undef;
	until (defined $end && length $stream->{read} >= $end) {
		$stream->{read} .= read_some($stream->{socket}, $LONG) // last;
	}
	close_stream($stream);
	my $text = $head =~ /^transfer-encoding:\s*chunked/mi ? dechunked($stream->{read}) : $stream->{read};
	return ($status, eval { decode_json($text) } // {}, $text, $head);
}

sub dechunked {
	my ($text) = @_;
	my $out = '';
	while ($text =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//) {
		my $n = hex $1 or last;
		$out .= substr $text, 0, $n, '';
		$text =~ s/^\r\n//;
	}
	return $out;
}

# Reads until the text has come. Returns the seconds since start, or undef after so many seconds.
sub wait_for {
	my ($stream, $text, $start, $most) = @_;
	while (index($stream->{read}, $text) < 0) {
		$stream->{read} .= read_some($stream->{socket}, $start + ($most // $LONG) - time) // return undef;
	}
	return time - $start;
}

sub close_stream { close $_->{socket} for @_ }

# Key and answer are the example of RFC 6455, section 1.3.
my @handshake = (
	'Connection: Upgrade',
	'Upgrade: websocket',
	'Sec-WebSocket-Version: 13',
	'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
	'Sec-WebSocket-Protocol: confab.v1'
);

# Opens a stream with these headers, in which the caller says who he is. Dies with a sentence if it is not opened.
sub open_websocket {
	my ($site, @headers) = @_;
	my $stream = send_request($site, 'GET', 'ws', [@handshake, @headers]);
	my ($status, $head) = read_head($stream);
	die "WebSocket: the answer is $status, not 101: the web server does not pass Upgrade on\n" if $status != 101;
	die "WebSocket: Sec-WebSocket-Accept is wrong\n" if $head !~ /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/;
	return $stream;
}

sub open_events {
	my ($site, @headers) = @_;
	my $stream = send_request($site, 'GET', 'events', ['Accept: text/event-stream', @headers]);
	my ($status, $head) = read_head($stream);
	die "Server-Sent Events: the answer is $status\n" if $status != 200;
	$stream->{head} = $head;
	return $stream;
}

1;
