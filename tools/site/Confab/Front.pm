# The web servers, proxies and poolers that run here, with the lines of their configurations: what a request passes
# through before it reaches a program.
package Confab::Front;
use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use Confab::System;
our @EXPORT = qw(caddy_blocks find_line find_lines fronts identity is_listening may_access nginx_passes nginx_value);

# How each names its configuration on its command line, where that is else, and how one file includes others.
my %kinds = (
	nginx => {
		process => 'nginx',
		option => qr/ -c (\S+)/,
		file => '/etc/nginx/nginx.conf',
		include => qr/(?<![^\s;{])include\s+"?([^";]+)"?\s*;/
	},
	apache => {
		process => 'apache2',
		option => qr/ -f (\S+)/,
		file => '/etc/apache2/apache2.conf',
		include => qr/^\s*Include(?:Optional)?\s+"?([^"\s]+)/i
	},
	lighttpd => {
		process => 'lighttpd',
		option => qr/ -f (\S+)/,
		file => '/etc/lighttpd/lighttpd.conf',
		include => qr/^\s*include\s+"([^"]+)"/
	},
	haproxy =>
		{ process => 'haproxy', option => qr/ -f (\S+)/, file => '/etc/haproxy/haproxy.cfg', include => qr/(?!)/ },
	caddy => {
		process => 'caddy',
		option => qr/ --?config (\S+)/,
		file => '/etc/caddy/Caddyfile',
		include => qr/^\s*import\s+(\S+)/
	},
	pgbouncer => {
		process => 'pgbouncer',
		option => qr/ (\S+\.ini)/,
		file => '/etc/pgbouncer/pgbouncer.ini',
		include => qr/^%include\s+(\S+)/
	},
);

# The lines of a configuration, each { file, line, text }, with those of the included files in their places.
sub read_lines {
	my ($kind, $file, $top, $depth) = @_;
	my ($number, @lines) = 0;
	for my $text (split /\n/, slurp($file) // '') {
		my %here = (file => $file, line => ++$number);
		my ($name) = $depth < 9 && $text =~ $kinds{$kind}{include} or push @lines, { %here, text => $text } and next;
		my ($before, $after) = (substr($text, 0, $-[0]), substr $text, $+[0]);
		$name = "$top/$name" if $name !~ m{^/};
		push @lines, { %here, text => $before },
			(map { read_lines($kind, $_, $top, $depth + 1) } -d $name ? sort glob "$name/*" : sort glob $name),
			{ %here, text => $after };
	}
	return @lines;
}

sub status_of {
	my ($pid) = @_;
	return { (slurp("/proc/$pid/status") // '') =~ /^(\w+):\s*(.*)$/mg };
}

# Each that runs: { kind, pids, file, lines }. Workers are counted with the process that started them.
sub fronts {
	my (%by_process, @fronts) = map { ($kinds{$_}{process} => $_) } keys %kinds;
	my %status = map { ($_ => status_of($_)) } map {m{/(\d+)$}} glob '/proc/[0-9]*';
	my $of = sub { $by_process{ ($status{ $_[0] } // {})->{Name} // '' } };
	for my $pid (sort { $a <=> $b } grep { defined $status{$_}{PPid} } keys %status) {
		my $kind = $of->($pid) // next;
		next if ($of->($status{$pid}{PPid}) // '') eq $kind;
		my $words = (slurp("/proc/$pid/cmdline") // '') =~ tr/\0/ /r;
		my $file = $words =~ $kinds{$kind}{option} ? $1 : $kinds{$kind}{file};
		$file = (readlink("/proc/$pid/cwd") // '.') . "/$file" if $file !~ m{^/};
		my @children =
			grep { ($status{$_}{PPid} // 0) == $pid && ($of->($_) // '') eq $kind } sort { $a <=> $b } keys %status;
		push @fronts,
			{
			kind => $kind,
			pids => [$pid, @children],
			file => $file,
			lines => [read_lines($kind, $file, dirname($file), 0)]
			};
	}
	return @fronts;
}

# The lines that match and are no comments.
sub find_lines {
	my ($front, $pattern) = @_;
	return grep { $_->{text} !~ /^\s*[#;]/ && $_->{text} =~ $pattern } @{ $front->{lines} };
}

sub find_line { return (find_lines(@_))[0] }

# Whether one of the processes listens at a TCP port of this machine.
sub is_listening {
	my ($front, $port) = @_;
	my $hex = sprintf '%04X', $port;
	my %inode =
		map { ($_ => 1) }
		map { (slurp($_) // '') =~ /^\s*\d+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A(?:\s+\S+){5}\s+(\d+)/mg }
		qw(/proc/net/tcp /proc/net/tcp6);
	for my $fd (map { glob "/proc/$_/fd/*" } @{ $front->{pids} }) {
		return 1 if (readlink($fd) // '') =~ /^socket:\[(\d+)\]$/ && $inode{$1};
	}
	return 0;
}

# What decides about the access of a process to files.
sub identity {
	my ($pid) = @_;
	my $s = status_of($pid);
	my ($uid) = ($s->{Uid} // '') =~ /^\d+\s+(\d+)/ or return undef;
	my ($gid) = $s->{Gid} =~ /^\d+\s+(\d+)/;
	return {
		uid => $uid,
		gids => { map { ($_ => 1) } $gid, split ' ', $s->{Groups} // '' },
		capabilities => hex($s->{CapEff} // 0)
	};
}

my ($DAC_OVERRIDE, $DAC_READ_SEARCH) = (2, 4);    # linux/capability.h, as bits

# undef if somebody may use a file so (4 to read, 2 to write, 1 to search), else the file or folder that refuses it.
sub may_access {
	my ($who, $file, $wanted) = @_;
	my $path = '';
	my @parts = grep {length} split m{/}, $file;
	for my $i (-1 .. $#parts) {
		$path = $i < 0 ? '/' : ($path eq '/' ? '' : $path) . "/$parts[$i]";
		my @stat = stat $path or return $path;
		my $bits = $i == $#parts ? $wanted : 1;
		next if $who->{capabilities} & $DAC_OVERRIDE;
		next if $who->{capabilities} & $DAC_READ_SEARCH && !($bits & 2);
		my $shift = $who->{uid} == $stat[4] ? 6 : $who->{gids}{ $stat[5] } ? 3 : 0;
		return $path if (($stat[2] >> $shift) & $bits) != $bits;
	}
	return undef;
}

# The directives of nginx, each { name, words, file, line, block }; a block is { parent, name, words, own }.
sub nginx_directives {
	my ($front) = @_;
	my ($block, $said, $at, @all) = ({ own => {} }, '');
	for my $line (@{ $front->{lines} }) {
		for my $part (($line->{text} =~ s/(?:^|\s)#.*//r) =~ /"[^"]*"|[{};]|[^\s{};"]+|\s+/g) {
			if ($part !~ /^[{};]$/) {
				$at = $line if $said !~ /\S/;
				$said .= $part;
				next;
			}
			my ($name, @words) = split ' ', $said;
			my $new = {
				name => $name // '',
				words => \@words,
				file => $at->{file},
				line => $at->{line},
				text => $at->{text},
				block => $block
			};
			push @all, $new if $part ne '}';
			push @{ $block->{own}{ $new->{name} } }, $new if $part eq ';';
			$block = { parent => $block, name => $new->{name}, words => \@words, own => {} } if $part eq '{';
			$block = $block->{parent} // $block if $part eq '}';
			$said = '';
		}
	}
	return @all;
}

# Caddy: the lines of each block whose first line matches.
sub caddy_blocks {
	my ($front, $begin) = @_;
	my (@open, @blocks);
	for my $line ($front->{kind} eq 'caddy' ? @{ $front->{lines} } : ()) {
		my $said = $line->{text} =~ s/(?:^|\s)#.*//r;
		push @$_, $line for @open;
		if ($said =~ /\{\s*$/) {
			push @open, [];
			push @blocks, $open[-1] if $said =~ $begin;
		}
		pop @open if $said =~ /^\s*\}\s*$/;
	}
	return @blocks;
}

# The directives that pass requests on to something.
sub nginx_passes {
	my ($front, $to) = @_;
	return () if $front->{kind} ne 'nginx';
	return grep { $_->{name} =~ /^(?:fastcgi|proxy)_pass$/ && "@{ $_->{words} }" =~ $to } nginx_directives($front);
}

# The directives of a name that hold in a block: its own, else those of the blocks around it.
sub nginx_value {
	my ($block, $name) = @_;
	for (; $block; $block = $block->{parent}) {
		return @{ $block->{own}{$name} } if $block->{own}{$name};
	}
	return ();
}

1;
