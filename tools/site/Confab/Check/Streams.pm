# The doctor opens streams as browsers do, and measures when each event comes.
package Confab::Check::Streams;
use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use JSON::PP qw(encode_json);
use List::Util qw(min);
use Time::HiRes qw(time);
use Confab::Check::Cause;
use Confab::Check::Finding;
use Confab::Check::Path;
use Confab::FastCGI;
use Confab::Http;
our @EXPORT = qw(check_compression check_delay check_websocket);

my $SOON = 0.1;    # seconds: an event that takes longer was held back
my $LATE = 2;      # seconds: where each poll starts a program
my $NEVER = 3;     # seconds: an event that takes longer does not come
my $MESSAGES = 3;

# Who we are: the token, else the cookie of a page.
sub credentials {
	my ($site) = @_;
	return "Authorization: Bearer $site->{token}" if !$site->{is_token_lost} || !$site->{cookie};
	return ("Cookie: $site->{cookie}", 'Origin: ' . origin($site));
}

# Opens a WebSocket as an account, then as a page does.
sub check_websocket {
	my ($site) = @_;
	return skipped('no log-in: ' . $site->{no_token}) if !$site->{token};
	my $stream = eval { open_websocket($site, credentials($site)) };
	if (!$stream) {
		my ($status) = $@ =~ /answer is (\d+)/;
		my $what = $status ? "a WebSocket is answered with $status instead of 101" : "a WebSocket is not opened: $@";
		my $symptom = because($site, 'route') ? 'route' : ($status // 0) == 401 ? 'bearer' : 'upgrade';
		return find_faults(
			$site, \&fault, $symptom,
			$what =~ s/\n//r,
			'people have to use long-poll or Server-Sent Events instead'
		);
	}
	my $came = wait_for($stream, 'session.ready', time, $NEVER);
	find_faults(
		$site, \&fault,
		$stream->{read} =~ /\x0f\xa1/ ? 'bearer' : 'held',
		'a WebSocket is opened, and nothing comes',
		'people see no message'
	) if !defined $came;
	close_stream($stream);
	return note('opened') if !$site->{cookie};
	$stream = eval { open_websocket($site, 'Origin: ' . origin($site), "Cookie: $site->{cookie}") }
		or
		return fault(what => "a WebSocket of the page is not opened: $@", why => 'the page uses another transport');
	if (!defined wait_for($stream, 'session.ready', time, $NEVER) && $stream->{read} =~ /\x88.\x0f\xa1/s) {
		my $symptom = $site->{url} =~ /^https/ ? 'scheme' : 'host';
		find_faults($site, \&fault, $symptom, 'a WebSocket of the page is closed with 4001',
			'for confab-bridge it comes from a foreign page, or without its cookie: Host or X-Forwarded-Proto is wrong'
		);
	}
	close_stream($stream);
	note('opened, with a token and with the cookie');
}

# A browser takes compressed answers; a compressor keeps events until it has enough.
sub check_compression {
	my ($site) = @_;
	return skipped('no log-in: ' . $site->{no_token}) if !$site->{token};
	return skipped('no Server-Sent Events') if $site->{is_held};
	my $stream =
		eval { open_events({ %$site, patience => $NEVER }, credentials($site), 'Accept-Encoding: gzip, deflate, br') }
		or return skipped($@);
	my ($how) = $stream->{head} =~ /^content-encoding:\s*(\S+)/mi;
	close_stream($stream);
	return find_faults(
		$site, \&fault, 'compressed',
		"the stream of events is compressed ($how)",
		'events wait in the compressor, and each stream costs it memory'
	) if $how;
	return note('the stream of events is not compressed');
}

# Reads what a stream has. One that is over is opened again where it can be: a long-poll ends with each answer.
sub read_stream {
	my ($stream) = @_;
	my $n = sysread $stream->{socket}, $stream->{read}, 65536, length $stream->{read};
	return if $n;
	my $next = $stream->{again} && $stream->{again}->($stream);
	$next ? %$stream = %$next : ($stream->{over} = 1);
}

# When a word comes by each stream: the seconds since start, or nothing after a while.
sub arrivals {
	my ($streams, $word, $start) = @_;
	my %came;
	while (1) {
		for (keys %$streams) { $came{$_} //= time - $start if index($streams->{$_}{read}, $word) >= 0 }
		my %open = map { ($streams->{$_}{socket} => $streams->{$_}) }
			grep { !defined $came{$_} && !$streams->{$_}{over} } keys %$streams;
		my $left = $start + $NEVER - time;
		my @ready = %open && $left > 0 ? IO::Select->new(map { $_->{socket} } values %open)->can_read($left) : ();
		return \%came if !@ready;
		read_stream($open{$_}) for @ready;
	}
}

# A command past the web server, which might be slow itself, where a program waits for it.
sub command {
	my ($site, $event, $data) = @_;
	my %body = (event_type => $event, data => $data);
	my ($status, $answer, $text) = $site->{kind} eq 'cgi'
		? request($site, 'POST', 'command', \%body, undef, credentials($site))
		: fastcgi_request(
		"$site->{config}{run_dir}/command.sock",
		{
			SCRIPT_NAME => "$site->{config}{mount}command",
			REQUEST_METHOD => 'POST',
			HTTP_AUTHORIZATION => "Bearer $site->{token}"
		},
		encode_json(\%body)
	);
	die "$event is answered with $status $text\n" if $status >= 300;
	return $answer->{data};
}

# The streams that are to be compared: through the address, and past the web server. And what can't be opened.
sub open_all {
	my ($site) = @_;
	my %how = (
		'' => sub {
			open_websocket({ %$site, socket => "$site->{config}{run_dir}/bridge.sock" },
				"Authorization: Bearer $site->{token}");
		},
		'WebSocket' => sub { open_websocket($site, credentials($site)) },
		'Server-Sent Events' => sub { open_events({ %$site, patience => $NEVER }, credentials($site)) }
	);
	my (%streams, %why);
	%how = () if $site->{kind} eq 'cgi';
	# Twice, because a busy machine may be late once.
	for my $attempt (1, 2) {
		open_some(\%how, \%streams, \%why);
		last if !grep { $_ eq '' } values %why;
	}
	$site->{is_held} = $how{'Server-Sent Events'} && !$streams{'Server-Sent Events'};
	return (\%streams, \%why);
}

# Opens those that are not open. why: of each that can't be, or an empty text if nothing comes by it.
sub open_some {
	my ($how, $streams, $why) = @_;
	for my $name (grep { !$streams->{$_} } sort keys %$how) {
		delete $why->{$name};
		$streams->{$name} = eval { $how->{$name}->() } and next;
		$why->{$name} = $@ =~ /no answer/ ? '' : $@;
		delete $streams->{$name};
	}
	my $ready = arrivals($streams, 'session.ready', time);
	for my $name (grep { !defined $ready->{$_} } keys %$streams) {
		close_stream(delete $streams->{$name});
		$why->{$name} = '';
	}
}

# A long-poll that waits after the place of an answer, which may be no answer.
sub next_poll {
	my ($site, $text, $session) = @_;
	my ($cursor) = $text =~ /"cursor":\s*"([^"]+)"/ or return undef;
	my $poll = eval {
		send_request(
			$site, 'GET',
			"poll?wait=20&session=$session&since=$cursor",
			[credentials($site), 'Connection: close']
		);
	} // return undef;
	$poll->{again} = sub { next_poll($site, $_[0]{read}, $session) };
	return $poll;
}

sub first_poll {
	my ($site) = @_;
	my ($status, undef, $text) = eval { request($site, 'GET', 'poll?wait=0', undef, undef, credentials($site)) };
	return undef if ($status // 0) != 200 || $text !~ /"session_id":\s*"([^"]+)"/;
	return next_poll($site, $text, $1);
}

# Sends some messages, and takes the shortest time of each transport: a busy machine delays some events, a buffer all.
sub measure {
	my ($site, $room) = @_;
	my ($streams, $why) = open_all($site);
	my $poll = first_poll($site);
	my %all = (%$streams, $poll ? ('long-poll' => $poll) : ());
	my %best;
	for my $n (1 .. $MESSAGES) {
		my $word = "check $n " . int rand 1e9;
		select undef, undef, undef, 0.05;
		my $start = time;
		command($site, 'message.send', { room_id => $room, content => $word });
		my $came = arrivals(\%all, $word, $start);
		$best{$_} = min($came->{$_} // $NEVER, $best{$_} // $NEVER) for keys %all;
		last if $n > 1 && grep { $_ >= $NEVER } values %best;
	}
	close_stream(values %all);
	$why->{'long-poll'} = '' if !$poll;
	return (\%best, $why);
}

sub check_delay {
	my ($site) = @_;
	return skipped('no log-in: ' . $site->{no_token}) if !$site->{token};
	my $room = eval {
		command($site, 'room.create', { type => 'GroupChat', name => 'confab check', participants => [] })->{id};
	} or return skipped("no room can be made: $@");
	my ($best, $why) = measure($site, $room);
	command($site, 'room.modify', { room_id => $room, action => 'delete' });
	my $past = delete $best->{''};
	my $base = $past // 0;
	my (@notes);
	warning(
		what => sprintf('an event takes %.0f ms without any web server', $base * 1000),
		why => 'the machine is busy, or the doorbell is silent (a pooler)',
		change => 'see "pooler" and "log" here'
	) if $base > 0.5;
	find_faults(
		$site, \&fault, 'held',
		"no event comes by $_",
		'messages come late, in lumps, when there are enough of them'
	) for grep { $why->{$_} eq '' } sort grep {length} keys %$why;
	for my $name (sort keys %$best) {
		my $late = $best->{$name} - $base;
		push @notes, sprintf '%s %.0f ms', $name, $best->{$name} * 1000;
		next if $late < ($site->{kind} eq 'cgi' ? $LATE : $SOON);
		$best->{$name} >= $NEVER
			? find_faults(
			$site, \&fault, 'held',
			"an event does not come by $name",
			'messages come late, in lumps, when there are enough of them'
			)
			: find_faults(
			$site, \&fault, 'late',
			sprintf('each event comes %.0f ms late by %s', $late * 1000, $name),
			'every word and every "is typing" is late'
			);
	}
	push @notes, sprintf '%.0f ms without the web server', $past * 1000 if defined $past;
	note(join ', ', @notes);
}

1;
