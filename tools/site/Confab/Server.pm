# The web servers that setup knows. Each has a row: how it is recognised, where its part goes, how it is checked, and
# what it reads besides the part so that the part has an effect.
package Confab::Server;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Caddy;
use Confab::System;
our @EXPORT = qw(server_find server_files server_part server_enable server_disable server_is_enabled server_process);

my $mark = '# confab setup';

# hook: the functions file (which other file is changed, if any), text (that file's text with the part, or without it)
# and link (which file is there while the part is in use). whole: where a whole virtual host goes.
my %servers = (
	lighttpd => {
		process => 'lighttpd',
		part => '/etc/lighttpd/conf-available/95-%s.conf',
		check => [qw(lighttpd -tt -f /etc/lighttpd/lighttpd.conf)],
		link => \&enabled_link,
	},
	nginx => {
		process => 'nginx',
		part => '/etc/nginx/snippets/%s.conf',
		check => [qw(nginx -t -q)],
		file => \&nginx_file,
		text => \&nginx_text,
	},
	apache => {
		process => 'apache2',
		part => '/etc/apache2/conf-available/%s.conf',
		whole => '/etc/apache2/sites-available/%s.conf',
		check => [qw(apache2ctl configtest)],
		link => \&enabled_link,
		modules => [qw(alias dir mime headers deflate proxy proxy_fcgi proxy_http)],
		behind => [qw(remoteip setenvif)],
	},
	caddy => {
		process => 'caddy',
		part => '/etc/caddy/%s.conf',
		check => [qw(env HOME=/var/lib/caddy caddy validate --adapter caddyfile --config /etc/caddy/Caddyfile)],
		file => sub { return '/etc/caddy/Caddyfile' },
		text => \&caddy_text,
	},
);

# The server that runs, else the one that is installed; wanted: its name. Ends the program when there is none, or more.
sub server_find {
	my ($wanted) = @_;
	fail("--server $wanted: " . join(', ', sort keys %servers)) if $wanted && !$servers{$wanted};
	my @names = $wanted ? $wanted : sort keys %servers;
	my @there = grep { has_command($servers{$_}{process}) } @names;
	my @running = grep { process_runs($servers{$_}{process}) } @there;
	fail('no web server: apt install lighttpd, or nginx, apache2, or caddy') if !@there;
	@there = @running if @running;
	fail('several web servers: say which with --server ' . join(' or ', @there)) if @there > 1;
	return $there[0];
}

# The name of its process.
sub server_process { return $servers{ $_[0] }{process} }

# at: where the part of a site goes: { server, site, host: the one that people will use, whole: it is theirs alone,
# secure: they use https without a proxy, is_behind: a proxy ends TLS }.
sub part_file {
	my ($at) = @_;
	my $s = $servers{ $at->{server} };
	return sprintf +($at->{whole} && $s->{whole}) || $s->{part}, $at->{site} eq 'confab' ? 'confab' : "confab-$at->{site}";
}

sub enabled_link { return $_[0] =~ s/-available/-enabled/r }

# The files of nginx with a server block that a request for the host would reach: those that name it, else all.
sub nginx_hosts {
	my ($host) = @_;
	my (%block, $file);
	for (split /\n/, capture(qw(nginx -T)) // '') {
		$file = $1 if /^# configuration file (.*):$/;
		$block{$file} .= "$_\n" if $file;
	}
	my @files = grep { $block{$_} =~ /^\s*server\s*\{/m } sort keys %block;
	my @named = grep { $block{$_} =~ /server_name[^;]*\s\Q$host\E[\s;]/ } @files;
	return { named => \@named, all => \@files };
}

# A whole host that no file names gets a file of its own.
sub nginx_file {
	my ($at) = @_;
	my $own = '/etc/nginx/conf.d/' . (part_file($at) =~ m{([^/]+)$})[0];
	my $hosts = nginx_hosts($at->{host});
	my @hosts = @{ $hosts->{named} } ? @{ $hosts->{named} } : @{ $hosts->{all} };
	return $own if -e $own || $at->{whole} && !@{ $hosts->{named} };
	fail('nginx has no server block') if !@hosts;
	fail("nginx has several files with server blocks: say which host with --host\n  @hosts") if @hosts > 1;
	return $hosts[0];
}

# undef: there is no such file then.
sub nginx_text {
	my ($file, $part, $wanted, $at) = @_;
	return nginx_include($file, $part, $wanted) if $file !~ m{^/etc/nginx/conf\.d/confab(?:-[^/]*)?\.conf$};
	return undef if !$wanted;
	my $also = -e '/proc/net/if_inet6' ? "\tlisten [::]:80;\n" : '';
	return "$mark\nserver {\n\tlisten 80;\n$also\tserver_name $at->{host};\n\tinclude $part;\n}\n";
}

sub nginx_include {
	my ($file, $part, $wanted) = @_;
	my $text = slurp($file) // fail("$file: $!");
	$text =~ s/^[^\n]*\Q$part\E;[^\n]*\Q$mark\E[^\n]*\n//mg;
	# Not where all is sent elsewhere, as from http to https.
	$text =~ s/(^\s*server\s*\{[^\n]*\n)(?!(?:(?!^\}).)*^\s*return 30)/$1\tinclude $part; $mark\n/msg if $wanted;
	return $text;
}

sub caddy_text {
	my ($file, $part, $wanted, $at) = @_;
	return caddy_include(slurp($file) // fail("$file: $!"), $part, $wanted, $at);
}

# The files that enabling changes.
sub server_files {
	my ($at) = @_;
	my $find = $servers{ $at->{server} }{file};
	return (part_file($at), $find ? $find->($at) : ());
}

# A part of lighttpd for one host alone. Modules can only be named outside of conditions.
sub lighttpd_host {
	my ($text, $host) = @_;
	my $modules = join '', $text =~ /^(server\.modules \+= .*\n)/mg;
	$text =~ s/^server\.modules \+= .*\n//mg;
	return qq($modules\$HTTP["host"] =~ "^\Q$host\E(?::[0-9]+)?\$" {\n) . $text =~ s/^(?=.)/\t/mgr . "}\n";
}

# The text of a server's part: the sample with the places of the site.
sub server_part {
	my ($at, $share, $places) = @_;
	my $server = $at->{server};
	my $text = slurp("$share/templates/$server.conf.in") // fail("$share/templates/$server.conf.in: $!");
	$text =~ s/\A.*?^(?=# confab\n)//ms if $server eq 'lighttpd';
	$text =~ s/\@([A-Z_]+)\@/$places->{$1} \/\/ fail("no value for \@$1\@")/ge;
	$text =~ s/#tls // for $at->{is_behind} ? split /(?<=\n)/, $text : ();
	$text =~ s/^(\s*)#tls /$1/mg if $at->{is_behind};
	$text = lighttpd_host($text, $at->{host}) if $at->{whole} && $server eq 'lighttpd';
	$text = "<VirtualHost *:80>\nServerName $at->{host}\n$text</VirtualHost>\n" if $at->{whole} && $server eq 'apache';
	return "# Written by confab setup; it is written again when setup runs.\n$text";
}

sub server_is_enabled {
	my ($at, $text) = @_;
	my $s = $servers{ $at->{server} };
	my ($part, $file) = server_files($at);
	return 0 if (slurp($part) // '') ne $text;
	return 0 if $at->{server} eq 'caddy' && !caddy_may_read();
	return $s->{text}->($file, $part, 1, $at) eq (slurp($file) // '') if $file;
	return -e $s->{link}->($part);
}

# Checks the configuration and has the server read it. What was changed is taken back when it is refused.
sub reload {
	my ($server, $undo) = @_;
	my $s = $servers{$server};
	my ($ok, $said) = try_run('', @{ $s->{check} });
	if (!$ok) {
		$undo->();
		fail("$server refuses the configuration; nothing was changed there:\n$said");
	}
	my $service = $s->{process};
	if ($server eq 'caddy') {
		caddy_reload();
	} elsif (has_systemd()) {
		run("restarting $server", undef, 'systemctl', $server eq 'lighttpd' ? 'restart' : 'reload-or-restart', $service);
	} elsif (process_runs($service) && $server ne 'lighttpd') {
		run("reloading $server", undef, 'service', $service, 'reload');
	} else {
		run("starting $server", undef, 'service', $service, 'restart');
	}
}

# Writes a file, or removes it: undef.
sub put_or_remove {
	my ($file, $text) = @_;
	defined $text ? put_file($file, $text, 0644) : unlink $file;
}

sub server_enable {
	my ($at, $text) = @_;
	my $s = $servers{ $at->{server} };
	my ($part, $file) = server_files($at);
	my ($old, $before) = (slurp($part), $file && slurp($file));
	my $link = $s->{link} && $s->{link}->($part);
	my $undo = sub {
		put_or_remove($file, $before) if $file;
		unlink $link if !defined $old && $link;
		put_or_remove($part, $old);
	};
	put_file($part, $text, 0644);
	caddy_join() if $at->{server} eq 'caddy';
	put_file($file, $s->{text}->($file, $part, 1, $at), 0644) if $file;
	run('enabling modules', undef, 'a2enmod', '-q', @{ $s->{modules} }, $at->{is_behind} ? @{ $s->{behind} } : ())
		if $s->{modules};
	symlink '../' . join('/', ($part =~ m{([^/]+)/([^/]+)$})), $link if $link && !-e $link;
	reload($at->{server}, $undo);
}

# The part and what leads to it, wherever an earlier run with other options has put them.
sub server_disable {
	my ($at) = @_;
	my ($server, $changed) = ($at->{server}, 0);
	my $s = $servers{$server};
	for my $whole (0, 1) {
		my $here = { %$at, whole => $whole };
		my $part = part_file($here);
		next if !-e $part;
		$changed = 1;
		for my $file ($server eq 'nginx' ? @{ nginx_hosts($at->{host})->{all} } : $s->{file} ? $s->{file}->($here) : ()) {
			my $text = $s->{text}->($file, $part, 0, $here);
			next if $file =~ m{/conf\.d/confab} && (slurp($file) // '') !~ /\Q$part\E;/;
			put_or_remove($file, $text) if !defined $text || $text ne slurp($file);
		}
		unlink $s->{link}->($part) if $s->{link};
		unlink $part;
	}
	return if !$changed;
	caddy_leave() if $server eq 'caddy';
	reload($server, sub { });
}

1;
