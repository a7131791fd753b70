# The doctor looks at the programs: their configuration, whether they run, who reaches their sockets.
package Confab::Check::Programs;
use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use Confab::Check::Finding;
use Confab::FastCGI;
use Confab::Front;
use Confab::Http;
use Confab::Site;
use Confab::System;
our @EXPORT =
	qw(check_answers check_backlog check_configuration check_files check_folder check_programs check_sockets program_pids program_user);

my @programs = qw(command session media events bridge);

# The processes of a program that read this site's configuration.
sub program_pids {
	my ($site, $program) = @_;
	my @pids;
	for my $pid (map {m{^/proc/(\d+)/}} grep { (slurp($_) // '') eq "confab-$program\n" } glob '/proc/[0-9]*/comm') {
		my @words = split /\0/, slurp("/proc/$pid/cmdline") // '';
		my ($given) = map { $words[$_ + 1] // '' } grep { $words[$_] eq '-c' } 0 .. $#words;
		push @pids, $pid if ($given // site_etc() . '/confab.conf') eq $site->{conf};
	}
	return @pids;
}

# A folder that confab setup --cgi has filled.
sub check_folder {
	my ($site) = @_;
	my ($folder, $data) = ($site->{folder}, dirname($site->{config}{run_dir}));
	my $again = "confab setup --cgi $folder --url $site->{url}";
	my @names = split /\n/, slurp("$data/files") // '';
	my @gone = grep { !-e "$folder/$_" } @names;
	fault(
		what => "$folder lacks " . join(', ', @gone[0 .. (@gone > 5 ? 4 : $#gone)]) . (@gone > 5 ? ' and others' : ''),
		file => $folder,
		change => $again,
		why => 'the page or a program is missing'
	) if @gone;
	for my $name (grep { (slurp("$folder/$_") // '') =~ /^#!/ } @names) {
		my $mode = (stat "$folder/$name")[2] & 0777;
		fault(
			what => sprintf('%s/%s has the mode %03o', $folder, $name, $mode),
			file => "$folder/$name",
			change => "chmod 755 $folder/$name",
			why => 'the web server does not run it: it has to be executable, and may be written by its owner alone'
		) if ($mode & 0722) != 0700;
	}
	fault(
		what => sprintf('%s has the mode %03o', $folder, (stat $folder)[2] & 0777),
		file => $folder,
		change => "chmod 755 $folder",
		why => 'suexec runs nothing in a folder that others may write to'
	) if -d $folder && (stat $folder)[2] & 022;
	fault(
		what => "$site->{config}{run_dir} can't be written to",
		file => $site->{config}{run_dir},
		change => "mkdir -p $site->{config}{run_dir} && chmod 700 $site->{config}{run_dir}",
		why => 'what requests have to know of each other is kept in /tmp, which others clear'
	) if !-w $site->{config}{run_dir};
	note("$folder, ", scalar @names, ' files');
}

# Who the programs are: the user of one that runs, else the user confab.
sub program_user {
	my ($site) = @_;
	for my $program (@programs) {
		my ($pid) = program_pids($site, $program);
		return identity($pid) if $pid;
	}
	my @user = getpwnam 'confab' or return undef;
	return { uid => $user[2], gids => { $user[3] => 1 }, capabilities => 0 };
}

sub user_name { my ($who) = @_; return scalar getpwuid($who->{uid}) // $who->{uid} }

sub start_line {
	my ($site) = @_;
	return has_systemd()
		? "systemctl start confab\@$site->{name}.target"
		: site_file('programs') . " $site->{name} start";
}

# What allows a user to use a file of the site that refuses them.
sub permit {
	my ($refuses, $who, $group_right) = @_;
	my @stat = stat $refuses or return "the folder or file $refuses has to be there";
	my $group = getgrgid($stat[5]) // $stat[5];
	return (($stat[2] >> 3) & 7 & $group_right) == $group_right && $group ne 'root'
		? 'usermod -aG ' . "$group " . user_name($who) . '   # and restart it'
		: "chmod g+"
		. ($group_right & 2 ? 'rw' : $group_right & 4 ? 'r' : 'x')
		. " $refuses   # group $group, with "
		. user_name($who)
		. ' in it';
}

sub check_configuration {
	my ($site) = @_;
	my $conf = $site->{conf};
	return fault(
		what => "$conf is not there",
		file => $conf,
		change => "install -m 640 -g confab " . site_file('sample') . " $conf",
		why => 'the programs of this site do not start without it; what follows here takes the defaults'
	) if !-e $conf && !-l $conf;
	my $who = program_user($site);
	my $refuses = $who && may_access($who, $conf, 4);
	fault(
		what => user_name($who) . " may not read $conf" . ($refuses ne $conf ? ": $refuses refuses" : ''),
		file => $refuses,
		change => $refuses eq $conf ? "chgrp confab $conf && chmod 640 $conf" : "chmod o+x $refuses",
		why => 'the programs do not start'
	) if $refuses;
	return fault(
		what => "$conf can't be read by you: run this as root",
		file => $conf,
		why => 'what follows here takes the defaults'
	) if !-r $conf;
	my ($ok, $said) = try_run('', site_file('bin') . '/confab-command', '-n', '-c', $conf);
	my ($line) = $said =~ /^\S*\s*\Q$conf\E:(\d+):/;
	fault(
		what => $said =~ s/^confab-command: |\n.*//grs,
		file => $conf,
		line => $line,
		why => 'the programs do not start, and exit with 2',
		change => $line ? '(as it says)' : undef
	) if !$ok && $said =~ /^confab-command: /;
	warning(
		what => "everybody on this machine may read the password in $conf",
		file => $conf,
		line => $site->{at}{database},
		change => "chmod 640 $conf",
		why => 'whoever has it is the programs'
	) if $site->{config}{database} =~ /password=|:[^@\/]+@/ && (stat $conf)[2] & 4;
	note("$conf is valid");
}

# Each program that is there: its version, or why it does not run.
sub check_programs {
	my ($site) = @_;
	my (%version);
	for my $program (undef, @programs, 'preview') {
		my $name = join '-', 'confab', $program // ();
		my $file = site_file('bin') . "/$name";
		my ($ok, $said) = try_run('', $file, '--version');
		if ($ok && $said =~ /^\S+ (\S+)/) { push @{ $version{$1} }, $name }
		else {
			fault(
				what => "$file does not run: " . ($said =~ s/\s*\n.*//rs || 'it says nothing'),
				file => $file,
				change => 'apt install --reinstall confab   # or make install',
				why => 'a library or the file is missing, or it is for another machine'
			);
		}
	}
	fault(
		what => 'the programs are of several versions: '
			. join('; ', map {"$_: @{ $version{$_} }"} sort keys %version),
		file => site_file('bin'),
		change => 'make install   # all of one build',
		why => 'they talk with each other and with one schema'
	) if keys %version > 1;
	($site->{version}) = sort keys %version;
	return note('version ', $site->{version}, ', started by each request') if $site->{kind} eq 'cgi';
	my (@absent, @old);
	for my $program (@programs) {
		my @pids = program_pids($site, $program);
		push @absent, "confab-$program" if !@pids;
		push @old, "confab-$program" if grep { (readlink("/proc/$_/exe") // '') =~ / \(deleted\)$/ } @pids;
	}
	fault(
		what => join(', ', @absent) . ": no such program runs with $site->{conf}",
		change => start_line($site),
		why => has_systemd()
		? "its last words: journalctl -u '$absent[0]\@$site->{name}' -n 5"
		: "its last words are in $site->{config}{run_dir}/log"
	) if @absent;
	warning(
		what => join(', ', @old) . ': an older one runs than is installed',
		why => 'its file was replaced after it was started',
		change => has_systemd()
		? 'systemctl restart ' . join ' ',
		map {"$_\@$site->{name}"} @old
		: site_file('programs') . " $site->{name} restart"
	) if @old;
	note('version ' . $site->{version} . ', all run');
}

# The web servers that pass requests to the sockets: one process of each, the one that serves.
sub check_sockets {
	my ($site) = @_;
	my $run = $site->{config}{run_dir};
	return fault(
		what => "$run is not there",
		file => $run,
		why => 'the programs make their sockets in it; /run is empty after each start of the machine',
		change => has_systemd()
		? start_line($site)
		: "install -d -o confab -g www-data -m 2750 $run   # at each start of the machine; "
			. site_file('programs')
			. " $site->{name} start does it"
	) if !-d $run;
	my @servers = grep { !$_->{is_proxy} } @{ $site->{fronts} };
	for my $program (@programs) {
		my $socket = "$run/$program.sock";
		if (!-S $socket) {
			fault(
				what => "$socket is not there",
				file => $socket,
				change => start_line($site),
				why => "confab-$program makes it when it starts"
			);
			next;
		}
		fault(
			what => "everybody on this machine may write to $socket",
			file => $socket,
			change => "chmod 660 $socket",
			why =>
				'who writes there is believed to be the web server: any address, and with trust_remote_user any user'
		) if (stat _)[2] & 2;
		for my $server (@servers) {
			my $who = identity($server->{pids}[-1]) // next;
			my $refuses = may_access($who, $socket, 2) // next;
			fault(
				what => "$server->{kind}, as "
					. user_name($who)
					. ", may not use $socket"
					. ($refuses ne $socket ? ": $refuses refuses" : ''),
				file => $refuses,
				change => permit($refuses, $who, $refuses eq $socket ? 2 : 1),
				why => 'it answers 502 or 503 instead'
			);
		}
	}
	return note(
		"$run: "
			. (
			@servers
			? join ', ',
			map {"$_->{kind} may use them"} @servers
			: 'no web server that names them was found on this machine'
			)
	);
}

# The programs without the web server.
sub check_answers {
	my ($site) = @_;
	my ($run, $mount) = @{ $site->{config} }{qw(run_dir mount)};
	my ($ready, undef, $reason) = eval { fastcgi_request("$run/events.sock", { SCRIPT_NAME => "${mount}readyz" }) };
	fault(
		what => "confab-events does not answer: $@",
		change => start_line($site),
		why => 'no Server-Sent Events, no long-poll'
	) if !$ready;
	fault(what => "confab-events can't open streams: $reason", why => 'its reason is about the database')
		if $ready && $ready != 200;
	for (['command', 'command', 'POST'], ['session', 'session', 'GET'], ['media', 'media', 'POST']) {
		my ($program, $path, $method) = @$_;
		my ($status, undef, $text) = eval {
			fastcgi_request(
				"$run/$program.sock",
				{ SCRIPT_NAME => "$mount$path", REQUEST_METHOD => $method },
				$method eq 'POST' ? '{}' : ''
			);
		};
		fault(what => "confab-$program does not answer: $@", change => start_line($site)) if !$status;
		fault(
			what => "confab-$program answers $status: $text",
			why => '503 with code 4053: it can\'t reach the database, or has too much to do'
		) if ($status // 0) >= 500;
	}
	my ($status) = eval { request({ url => "http://localhost$mount", socket => "$run/bridge.sock" }, 'GET', 'ws') };
	fault(what => "confab-bridge does not answer: $@", change => start_line($site), why => 'no WebSockets')
		if !$status;
	note('all answer at their sockets');
}

sub open_files {
	my ($pid) = @_;
	return (slurp("/proc/$pid/limits") // '') =~ /^Max open files\s+(\d+)/m ? $1 : undef;
}

# Of the programs that hold streams, the one that may open the fewest files.
sub least_files {
	my ($site) = @_;
	my @all = map {
		my $name = "confab-$_";
		map { [$name, open_files($_) // ()] } program_pids($site, $_)
	} qw(events bridge);
	my ($least) = sort { $a->[1] <=> $b->[1] } grep { defined $_->[1] } @all;
	return $least ? @$least : ();
}

# Whether the open files allow as many streams as the options do.
sub check_files {
	my ($site) = @_;
	my $most = $site->{config}{max_streams};
	my ($program, $limit) = least_files($site);
	if ($limit && $limit < $most + 100) {
		my $lower =
			  'max_streams = '
			. ($limit > 400 ? $limit - 200 : 200)
			. '   # or ulimit -n '
			. ($most + 1000)
			. ' where it is started';
		my $raise = 'LimitNOFILE=' . ($most + 1000) . "   # systemctl edit $program\@$site->{name}";
		warning(
			what => "$program may open $limit files, and max_streams is $most",
			file => $site->{conf},
			line => $site->{at}{max_streams},
			change => has_systemd() ? $raise : $lower,
			why => 'clients beyond it wait instead of being refused and coming back later'
		);
	}
	my @notes;
	for my $front (@{ $site->{fronts} }) {
		my ($streams, $line, $change) = room_of($front);
		push @notes, "$front->{kind} has room for $streams streams";
		warning(
			what => "$front->{kind} has room for $streams streams, and $site->{streams} are open",
			file => $line ? $line->{file} : $front->{file},
			line => $line && $line->{line},
			change => $change,
			why => 'people beyond it get no connection at all'
		) if ($site->{streams} // 0) > 0.7 * $streams;
	}
	note(join(', ', "max_streams = $most", @notes));
}

# How many streams a web server or proxy can hold, and the line that says so.
sub room_of {
	my ($front) = @_;
	my $number = sub {
		my ($pattern, $default) = @_;
		my $line = find_line($front, $pattern);
		return ($line && $line->{text} =~ $pattern ? $1 : $default, $line);
	};
	my $files = open_files($front->{pids}[-1]) // 1024;
	if ($front->{kind} eq 'nginx') {
		my ($n, $line) = $number->(qr/\bworker_connections\s+(\d+)/, 512);
		my $workers = @{ $front->{pids} } - 1 || 1;
		return (int($workers * ($n < $files ? $n : $files) / 2), $line, 'worker_connections 32000;');
	}
	if ($front->{kind} eq 'apache') {
		my ($n, $line) = $number->(qr/^\s*MaxRequestWorkers\s+(\d+)/i, 400);
		return ($n, $line, 'MaxRequestWorkers 1000   # with ServerLimit, or another web server for streams');
	}
	if ($front->{kind} eq 'lighttpd') {
		my ($most) = $number->(qr/server\.max-fds\s*=\s*(\d+)/, 4096);
		my ($n, $line) = $number->(qr/server\.max-connections\s*=\s*(\d+)/, int($most / 3));
		return ($n < $most / 2 ? $n : int($most / 2), $line,
			"server.max-fds = 65536\nserver.max-connections = 32000");
	}
	return (int($files / 2), undef, 'LimitNOFILE=65536   # of its service');
}

# How many connections may wait in the sockets, by what the kernel says.
sub check_backlog {
	my ($site) = @_;
	my $wanted = $site->{config}{command_queue};
	my ($somaxconn) = (slurp('/proc/sys/net/core/somaxconn') // '') =~ /(\d+)/;
	my $socket = "$site->{config}{run_dir}/command.sock";
	my ($backlog) = map { (split)[3] } grep {/ \Q$socket\E(?:\.new)? /} split /\n/, capture(qw(ss -xlnH)) // '';
	return warning(
		what => "the kernel lets $somaxconn connections wait, fewer than command_queue = $wanted",
		file => '/etc/sysctl.d/confab.conf',
		change => 'net.core.somaxconn = 8192   # then sysctl --system',
		why => 'commands beyond it are refused by the web server instead of by confab, which says when to come back'
	) if defined $somaxconn && $somaxconn < $wanted;
	return warning(
		what => "$backlog connections may wait at $socket, fewer than command_queue = $wanted",
		file => "/etc/systemd/system/confab-command\@.socket",
		change => 'Backlog=' . ($wanted + 1000),
		why => 'commands beyond it are refused by the web server'
	) if $backlog && $backlog < $wanted;
	return note($backlog
		? "$backlog connections may wait for confab-command"
		: "the kernel lets $somaxconn connections wait");
}

1;
