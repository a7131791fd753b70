# A message that is really sent through a site's public address, and received over WebSocket, Server-Sent Events and
# long-poll. For setup and the doctor.
package Confab::Trial;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Http;
use Time::HiRes qw(time);
our @EXPORT = qw(trial);

# How to open a stream of a transport: returns a function of text and start, to wait for the text, as wait_for.
my %open = (
	'WebSocket' => sub { return opened(open_websocket($_[0], "Authorization: Bearer $_[1]")) },
	'Server-Sent Events' => sub { return opened(open_events($_[0], "Authorization: Bearer $_[1]")) },
	'long-poll' => \&open_polls,
);

sub opened {
	my ($stream) = @_;
	defined wait_for($stream, 'session.ready', time) or die "a stream says nothing: the web server holds it back\n";
	return sub { return wait_for($stream, @_) };
}

sub open_polls {
	my ($site, $token) = @_;
	my ($status, $poll, $said) = request($site, 'GET', 'poll?wait=0', undef, $token);
	my ($ready) = grep { $_->{eventType} eq 'session.ready' } @{ $poll->{events} }
		or die "poll: the answer is $status $said\n";
	return sub {
		my ($text, $start) = @_;
		my $next = "poll?wait=5&session=$ready->{data}{session_id}&since=$poll->{cursor}";
		my (undef, undef, $polled) = request($site, 'GET', $next, undef, $token);
		return index($polled, $text) >= 0 ? time - $start : undef;
	};
}

# The trial: logs in, opens the streams, sends, waits. Returns a list of [transport, seconds or undef]; dies with a
# sentence when it does not come so far. The room that it makes is gone afterwards. transports: all, if there is none.
sub trial {
	my ($site, $name, $password, @transports) = @_;
	@transports = ('WebSocket', 'Server-Sent Events', 'long-poll') if !@transports;
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
		my %wait = map { $_ => $open{$_}->($site, $token) } @transports;
		my $word = 'trial ' . int(rand 1e9);
		my $start = time;
		$command->('message.send', { room_id => $room, content => $word });
		map { [$_, $wait{$_}->($word, $start)] } @transports;
	};
	my $why = $@;
	$command->('room.modify', { room_id => $room, action => 'delete' });
	request($site, 'DELETE', 'session', undef, $token);
	die $why if $why;
	return @came;
}

1;
