# A message that is really sent through a site's public address, and received over WebSocket, Server-Sent Events and
# long-poll. For setup and the doctor.
package Confab::Trial;
use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);
use Time::HiRes qw(time);
our @EXPORT = qw(trial);

my $LONG = 10; # seconds that an answer may take

# The socket of a site: { url => 'https://host:port/chat/' , address => where it is reached, if not by its name }.
sub connect_to {
	my ($site) = @_;
	my ($scheme, $host, $port) = $site->{url} =~ m{^(https?)://(\[[^]]+\]|[^/:]+)(?::(\d+))?/} or die "$site->{url}: not an address\n";
	$port //= $scheme eq 'https' ? 443 : 80;
	my %to = (PeerHost => $site->{address} // $host =~ tr/[]//dr, PeerPort => $port, Timeout => $LONG);
	if ($scheme eq 'http') {
		return IO::Socket::INET->new(%to) // die "nothing listens at $to{PeerHost}:$port ($!)\n";
	}
	eval { require IO::Socket::SSL; 1 } or die "https needs the package libio-socket-ssl-perl\n";
	return IO::Socket::SSL->new(%to, SSL_hostname => $host) // die "no TLS with $to{PeerHost}:$port: " . IO::Socket::SSL::errstr() . "\n";
}

# Sends a request; the socket and the head of the answer. What came after the head is in $$rest.
sub ask {
	my ($site, $method, $path, $headers, $body, $rest) = @_;
	my ($host, $mount) = $site->{url} =~ m{^https?://([^/]+)(/.*)};
	my $socket = connect_to($site);
	print $socket "$method $mount$path HTTP/1.1\r\nHost: $host\r\n", (map { "$_\r\n" } @$headers),
		defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '', "\r\n", $body // '';
	$socket->flush;
	my $head = '';
	until ($head =~ /\r\n\r\n/) { $head .= read_some($socket, $LONG) // die "$path: no answer within $LONG s\n" }
	($head, $$rest) = split /\r\n\r\n/, $head, 2;
	my ($status) = $head =~ m{^HTTP/1\.\d (\d+)};
	return ($socket, $status, $head);
}

# What a socket has, within so many seconds; undef: nothing.
sub read_some {
	my ($socket, $seconds) = @_;
	return undef unless ($socket->can('pending') && $socket->pending) || IO::Select->new($socket)->can_read($seconds);
	my $n = sysread $socket, my $bytes, 65536;
	return $n ? $bytes : undef;
}

# A whole request; (status, object of the answer).
sub request {
	my ($site, $method, $path, $body, $token) = @_;
	my @headers = ('Connection: close', 'Content-Type: application/json', $token ? "Authorization: Bearer $token" : ());
	my ($socket, $status, $head) = ask($site, $method, $path, \@headers, $body && encode_json($body), \my $rest);
	while (defined(my $more = read_some($socket, $LONG))) { $rest .= $more }
	$rest = dechunked($rest) if $head =~ /^transfer-encoding:\s*chunked/mi;
	return ($status, eval { decode_json($rest) } // {}, $rest);
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

# Reads until the text has come, and returns the seconds since start, or undef.
sub wait_for {
	my ($stream, $text, $start) = @_;
	while (index($stream->{read}, $text) < 0) {
		my $left = $start + $LONG - time;
		my $more = $left > 0 ? read_some($stream->{socket}, $left) : undef;
		return undef unless defined $more;
		$stream->{read} .= $more;
	}
	return time - $start;
}

sub open_websocket {
	my ($site, $token) = @_;
	# Key and answer are the example of RFC 6455, section 1.3.
	my ($socket, $status, $head) = ask($site, 'GET', 'ws', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: confab.v1', "Authorization: Bearer $token"], undef, \my $rest);
	die "WebSocket: the answer is $status, not 101: the web server does not pass Upgrade on\n" if $status != 101;
	die "WebSocket: Sec-WebSocket-Accept is wrong\n" if $head !~ /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/;
	return { socket => $socket, read => $rest };
}

sub open_events {
	my ($site, $token) = @_;
	my ($socket, $status) = ask($site, 'GET', 'events', ['Accept: text/event-stream', "Authorization: Bearer $token"], undef, \my $rest);
	die "Server-Sent Events: the answer is $status\n" if $status != 200;
	return { socket => $socket, read => $rest };
}

# The trial: logs in, opens the streams, sends, waits. Returns a list of [transport, seconds or undef]; dies with a
# sentence when it does not come so far. The room that it makes is gone afterwards.
sub trial {
	my ($site, $name, $password) = @_;
	my ($status, $login, $text) = request($site, 'POST', 'session', { username => $name, password => $password });
	die "log-in: the answer is $status" . ($text =~ /^\{/ ? " $text" : '') . "\n" if $status != 200;
	my $token = $login->{token};
	my $command = sub {
		my ($event, $data) = @_;
		my ($status, $answer, $text) = request($site, 'POST', 'command', { event_type => $event, data => $data }, $token);
		die "$event: the answer is $status $text\n" if $status >= 300;
		return $answer->{data};
	};
	my $room = $command->('room.create', { type => 'GroupChat', name => 'confab setup', participants => [] })->{id};
	my @came = eval {
		my $socket = open_websocket($site, $token);
		my $events = open_events($site, $token);
		defined wait_for($_, 'session.ready', time) or die "a stream says nothing: the web server holds it back\n" for $socket, $events;
		my (undef, $poll) = request($site, 'GET', 'poll?wait=0', undef, $token);
		my $word = 'trial ' . int(rand 1e9);
		my $start = time;
		$command->('message.send', { room_id => $room, content => $word });
		my @times = (['WebSocket', wait_for($socket, $word, $start)], ['Server-Sent Events', wait_for($events, $word, $start)]);
		my ($ready) = grep { $_->{eventType} eq 'session.ready' } @{ $poll->{events} };
		my (undef, undef, $polled) = request($site, 'GET', "poll?wait=5&session=$ready->{data}{session_id}&since=$poll->{cursor}",
			undef, $token);
		(@times, ['long-poll', index($polled, $word) >= 0 ? time - $start : undef]);
	};
	my $why = $@;
	$command->('room.modify', { room_id => $room, action => 'delete' });
	request($site, 'DELETE', 'session', undef, $token);
	die $why if $why;
	return @came;
}

1;
