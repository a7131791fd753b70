# A message that is really sent through a site's public address, and received over WebSocket, Server-Sent Events and
# long-poll. For setup and the doctor.
package Confab::Trial;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Http;
use Time::HiRes qw(time);
our @EXPORT = qw(trial);

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
		my $socket = open_websocket($site, "Authorization: Bearer $token");
		my $events = open_events($site, "Authorization: Bearer $token");
		for ($socket, $events) {
			defined wait_for($_, 'session.ready', time) or die "a stream says nothing: the web server holds it back\n";
		}
		my (undef, $poll) = request($site, 'GET', 'poll?wait=0', undef, $token);
		my $word = 'trial ' . int(rand 1e9);
		my $start = time;
		$command->('message.send', { room_id => $room, content => $word });
		my @times = (['WebSocket', wait_for($socket, $word, $start)],
			['Server-Sent Events', wait_for($events, $word, $start)]);
		my ($ready) = grep { $_->{eventType} eq 'session.ready' } @{ $poll->{events} };
		my $next = "poll?wait=5&session=$ready->{data}{session_id}&since=$poll->{cursor}";
		my (undef, undef, $polled) = request($site, 'GET', $next, undef, $token);
		(@times, ['long-poll', index($polled, $word) >= 0 ? time - $start : undef]);
	};
	my $why = $@;
	$command->('room.modify', { room_id => $room, action => 'delete' });
	request($site, 'DELETE', 'session', undef, $token);
	die $why if $why;
	return @came;
}

1;
