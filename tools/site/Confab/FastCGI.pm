# A request to a program of confab at its own socket, past the web server: FastCGI 1.0, one request a connection.
package Confab::FastCGI;
use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP qw(decode_json);
our @EXPORT = qw(fastcgi_request);

my ($BEGIN, $PARAMS, $STDIN, $STDOUT) = (1, 4, 5, 6);
my $RESPONDER = pack 'nCx5', 1, 0;
my $LONG = 10;    # seconds that an answer may take

# A record of request 1.
sub record { my ($type, $content) = @_; return pack('CCnnCx', 1, $type, 1, length $content, 0) . $content }

sub pair {
	return pack('NN', map { 0x80000000 | length } @_) . join '', @_;
}

# (status, object of the answer, text of the answer). param: what the web server would say about the request. Dies with
# a sentence when there is no answer.
sub fastcgi_request {
	my ($path, $param, $body) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my $socket = IO::Socket::UNIX->new(Peer => $path) // die "$path: $!\n";
	my %all = (
		REQUEST_METHOD => 'GET',
		QUERY_STRING => '',
		SERVER_PROTOCOL => 'HTTP/1.1',
		REMOTE_ADDR => '127.0.0.1',
		CONTENT_TYPE => 'application/json',
		CONTENT_LENGTH => length $body // '',
		%$param
	);
	$all{REQUEST_URI} = $all{SCRIPT_NAME};
	syswrite $socket,
		  record($BEGIN, $RESPONDER)
		. record($PARAMS, join '', map { pair($_, $all{$_}) } sort keys %all)
		. record($PARAMS, '')
		. (length $body // '' ? record($STDIN, $body) : '')
		. record($STDIN, '');
	my ($raw, $answer) = ('', '');
	while (IO::Select->new($socket)->can_read($LONG) && sysread $socket, my $bytes, 65536) { $raw .= $bytes }
	while (length $raw >= 8) {
		my (undef, $type, undef, $length, $padding) = unpack 'CCnnC', $raw;
		$answer .= substr $raw, 8, $length if $type == $STDOUT;
		$raw = substr $raw, 8 + $length + $padding;
	}
	my ($head, $text) = split /\r\n\r\n/, $answer, 2;
	die "$path: no answer\n" if !defined $text;
	return ($head =~ /^Status: (\d+)/m ? $1 : 200, eval { decode_json($text) } // {}, $text);
}

1;
