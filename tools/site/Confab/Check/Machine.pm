# The doctor looks at what else the programs need of this machine: folders, disks, the mail command.
package Confab::Check::Machine;
use strict;
use warnings;
use Exporter qw(import);
use Confab::Check::Finding;
use Confab::Check::Programs;
use Confab::Front;
use Confab::System;
our @EXPORT = qw(check_disk check_mail check_media);

# The folders that a web server serves, each { folder, file, line, internal }.
sub served {
	my ($front) = @_;
	my @all = map {
		my ($folder) = $_->{text} =~ /"?(\/[^";]*?)\/?"?\s*;?\s*\)?\s*$/;
		{ folder => $folder // '', file => $_->{file}, line => $_->{line} }
	} find_lines($front, qr/^\s*(?:root|alias|Alias|DocumentRoot|server\.document-root|alias\.url)\b/);
	# nginx: an internal location answers nobody by itself.
	for my $pass ($front->{kind} eq 'nginx' ? Confab::Front::nginx_directives($front) : ()) {
		next if $pass->{name} ne 'internal';
		my ($alias) = @{ $pass->{block}{own}{alias} // [] } or next;
		@all = grep { $_->{file} ne $alias->{file} || $_->{line} != $alias->{line} } @all;
	}
	# Caddy: nor does what is done with a program's answer.
	for my $line (map {@$_} caddy_blocks($front, qr/^\s*handle_response\b/)) {
		@all = grep { $_->{file} ne $line->{file} || $_->{line} != $line->{line} } @all;
	}
	return grep { length $_->{folder} } @all;
}

sub check_media {
	my ($site) = @_;
	my ($folder, $sendfile) = @{ $site->{config} }{qw(media_dir sendfile)};
	return fault(
		what => "$folder is not there",
		file => $site->{conf},
		line => $site->{at}{media_dir},
		change => "install -d -o confab -g www-data -m 2750 $folder",
		why => 'every upload fails'
	) if !-d $folder;
	my $who = program_user($site);
	my $refuses = $who && may_access($who, $folder, 7);
	fault(
		what => "confab-media may not write to $folder" . ($refuses ne $folder ? ": $refuses refuses" : ''),
		file => $refuses,
		change => $refuses eq $folder ? "chown confab $folder && chmod 2750 $folder" : "chmod o+x $refuses",
		why => 'every upload fails'
	) if $refuses;
	for my $front (grep { !$_->{is_proxy} } @{ $site->{fronts} }) {
		fault(
			what => "$front->{kind} serves $folder to everybody: $_->{folder}",
			file => $_->{file},
			line => $_->{line},
			change =>
				"media_dir = /var/lib/confab/$site->{name}/media   # in $site->{conf}; move the files there",
			why => 'uploads are for those who see the message; there everybody may read them, as pages of your site'
		) for grep { index("$folder/", "$_->{folder}/") == 0 } served($front);
		my $reader = identity($front->{pids}[-1]);
		my $shut = $sendfile ne 'none' && $reader && may_access($reader, $folder, 5);
		fault(
			what => "$front->{kind} may not read $folder, and sendfile = $sendfile"
				. ($shut ne $folder ? ": $shut refuses" : ''),
			file => $shut,
			change => "usermod -aG " . (getgrgid((stat $shut)[5]) // '…') . ' ' . (getpwuid $reader->{uid}),
			why => 'downloads are answered with 403 or 404'
		) if $shut;
		my %knows = (nginx => 'x-accel-redirect', caddy => 'x-accel-redirect', lighttpd => 'x-sendfile', apache => 'x-sendfile');
		fault(
			what => "sendfile = $sendfile is not for $front->{kind}",
			file => $site->{conf},
			line => $site->{at}{sendfile},
			change => "sendfile = $knows{$front->{kind}}",
			why => 'downloads are empty'
		) if $sendfile ne 'none' && $knows{ $front->{kind} } && $sendfile ne $knows{ $front->{kind} };
	}
	note("$folder is writable, and nothing serves it directly");
}

# (bytes free, share used) of the file system of a folder that is there.
sub space {
	my ($folder) = @_;
	my @words = split ' ', (split /\n/, capture('df', '-Pk', '--', $folder) // '')[-1] // '';
	return @words >= 6 ? ($words[3] * 1024, $words[5]) : ();
}

my ($FEW, $SOME) = (256 * 1024**2, 1024**3);

sub check_disk {
	my ($site) = @_;
	my ($conf, %seen) = $site->{config};
	my ($uploads) = map {
		map { find_line($_, qr/server\.upload-dirs\s*=\s*\(\s*"([^"]+)"/) // () } $_
	} grep { $_->{kind} eq 'lighttpd' } @{ $site->{fronts} };
	my %what = (
		$conf->{media_dir} => 'uploads',
		$conf->{run_dir} => 'the programs\' state',
		'/tmp' => 'temporary files',
		(map { ($_ => 'the database') } glob '/var/lib/postgresql/*/*'),
		$uploads ? ($uploads->{text} =~ /"([^"]+)"/ => 'bodies of uploads') : ()
	);
	for my $folder (sort grep {-d} keys %what) {
		my ($free, $disk) = space($folder) or next;
		next if $seen{$disk}++;
		my %f = (
			what => sprintf('%.1f GiB are free on %s, for %s', $free / 1024**3, $disk, $what{$folder}),
			change => "du -xsh $disk/*   # and make room",
			why => 'a full disk stops sending, and PostgreSQL itself when WAL has no room'
		);
		$free < $FEW ? fault(%f) : warning(%f) if $free < $SOME;
	}
	note(join ', ', map { sprintf '%s: %.0f GiB free', $_, (space($_))[0] / 1024**3 } sort keys %seen);
}

sub check_mail {
	my ($site) = @_;
	my ($command, $reset) = @{ $site->{config} }{qw(mail_command reset_url)};
	return note('no password resets: reset_url is empty') if $reset eq '';
	return warning(
		what => 'reset_url is set, but mail_command is empty',
		file => $site->{conf},
		line => $site->{at}{reset_url},
		change => 'mail_command = sendmail -t',
		why => 'nobody gets a message about a new password'
	) if $command eq '';
	my ($program) = split ' ', $command;
	return note("$command is there") if $program =~ m{/} ? -x $program : has_command($program);
	return fault(
		what => "mail_command: $program is not here",
		file => $site->{conf},
		line => $site->{at}{mail_command},
		change => 'apt install msmtp-mta   # or another that has /usr/sbin/sendmail',
		why => 'password resets send nothing'
	);
}

1;
