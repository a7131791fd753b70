# The doctor looks at the database, by psql, as confab_admin and as the roles of the programs.
package Confab::Check::Database;
use strict;
use warnings;
use Exporter qw(import);
use IPC::Open2 qw(open2);
use JSON::PP qw(decode_json);
use Time::HiRes qw(time);
use Confab::Check::Finding;
use Confab::Check::Programs;
use Confab::Front;
use Confab::Http;
use Confab::Site;
use Confab::System;
our @EXPORT =
	qw(ask_database check_clock check_database check_durability check_log check_pooler check_roles check_schema);

my %role =
	(command => 'confab_command', session => 'confab_session', events => 'confab_stream', media => 'confab_media');

my $createdb = 'createdb -O confab_admin -E UTF8 -T template0 --locale=C.UTF-8';

sub psql { my ($site) = @_; return ('psql', '-XqAtw', '-v', 'ON_ERROR_STOP=1', '-d', $site->{config}{database}) }

# A statement as a role: whether it succeeded, and its rows or what was said.
sub sql {
	my ($site, $role, $statement, @before) = @_;
	local @ENV{qw(PGUSER PGCONNECT_TIMEOUT PGOPTIONS PGCLIENTENCODING PGAPPNAME)} =
		($role, 3, '', 'UTF8', 'confab check');
	my ($ok, $said) = try_run('', @before, psql($site), '-c', $statement);
	return ($ok, $said =~ s/\s+\z//r);
}

# What a statement says, or undef.
sub ask_database {
	my ($site, $statement) = @_;
	return undef if !$site->{database};
	my ($ok, $said) = sql($site, 'confab_admin', $statement);
	return $ok ? $said : undef;
}

# What a statement that makes one JSON object says, or undef.
sub facts {
	my ($site, $statement) = @_;
	my $said = ask_database($site, $statement) // return undef;
	return decode_json($said);
}

# The file that decides who may log in, if it can be found from here.
sub hba_file {
	return (sort { $b cmp $a } glob '/etc/postgresql/*/*/pg_hba.conf')[0] // 'pg_hba.conf';
}

# From what was said to what can be done about it; the first row that matches. The functions get the site and what the
# pattern matched.
my $absent = qr/No such file|refused/;
my @advice = (
	[qr/$absent/ => sub { has_server() ? () : (change => 'apt install postgresql') }],
	[qr/$absent/ => sub {
		my ($first) = clusters();
		return (change => 'pg_createcluster --start 15 main   # the newest version that is here') if !$first;
		return grep({ "@$_" =~ /\bonline\b/ } clusters()) ? () : (change => "pg_ctlcluster @$first[0, 1] start");
	}],
	[qr/$absent|could not translate/ =>
		sub { (in_database_option($_[0]), change => 'database = host=… dbname=…   # where it is') }],
	[qr/role "confab_admin" does not exist/ =>
		sub { (change => 'createuser --createrole confab_admin   # as the user postgres') }],
	[qr/database "([^"]+)" does not exist/ => sub { (change => "$createdb $_[1]   # as the user postgres") }],
	[qr/Peer authentication|no pg_hba|password/ => sub {
		my $roles = join ',', 'confab_admin', sort values %role;
		return (file => hba_file(), change => "local all $roles peer map=confab   # above the others; see confab setup");
	}],
	[qr/./ => sub { (in_database_option($_[0]), change => 'database = dbname=confab   # without what it names') }],
);

# The clusters of this machine, each [version, name, port, status …].
sub clusters {
	return map { [split] } grep { /\S/ } split /\n/, capture(qw(pg_lsclusters -h)) // '';
}

sub has_server {
	return has_command('pg_lsclusters') || glob '/usr/lib/postgresql/*/bin/postgres';
}

sub in_database_option {
	my ($site) = @_;
	return (file => $site->{conf}, line => $site->{at}{database});
}

sub advice {
	my ($site, $said) = @_;
	for my $row (@advice) {
		my ($matched) = $said =~ $row->[0] or next;
		my @advice = $row->[1]->($site, $matched);
		return @advice if @advice;
	}
	return ();
}

sub check_database {
	my ($site) = @_;
	return skipped('psql is not here (apt install postgresql-client): nothing about the database can be asked')
		if !has_command('psql');
	my ($ok, $said) = sql(
		$site, 'confab_admin', "select json_build_object('version', current_setting('server_version_num')::int,
		'encoding', current_setting('server_encoding'), 'standby', pg_is_in_recovery(), 'name', current_database())"
	);
	if (!$ok) {
		my $reason = $said =~ s/^psql: error: |\s*\n\s*/ /gr =~ s/^\s+//r;
		return fault(
			what => "the database can't be reached: $reason",
			why => 'every command is answered with 4053; what needs the database is left out below',
			advice($site, $said)
		);
	}
	$site->{database} = my $is = decode_json($said);
	fault(
		what => "the encoding of the database is $is->{encoding}, not UTF8",
		change =>
			"pg_dump $is->{name} >saved; $createdb confab_new; psql confab_new <saved   # as the user postgres",
		why => 'texts that it can\'t hold are refused; confab upgrade refuses such a database'
	) if $is->{encoding} ne 'UTF8';
	fault(
		what => "PostgreSQL is $is->{version}, older than 14",
		change => 'pg_upgradecluster',
		why => 'the schema uses what is new in 14'
	) if $is->{version} < 140000;
	fault(
		what => 'this server is a standby',
		file => $site->{conf},
		line => $site->{at}{database},
		change => 'database = host=db1,db2 dbname=confab target_session_attrs=read-write',
		why => 'no command succeeds there'
	) if $is->{standby};
	note("$is->{name}, $is->{encoding}, PostgreSQL " . int($is->{version} / 10000));
}

# The login of the upgrade, if it can neither make roles nor own everything itself.
my $limited_login = <<'END';
select rolname from pg_roles, pg_database where rolname = current_user and datname = current_database()
	and not (rolcreaterole or rolsuper) and datdba <> pg_roles.oid
END

sub check_schema {
	my ($site) = @_;
	return skipped('the database is away') if !$site->{database};
	my ($ok, $said) = sql($site, 'confab_admin', 'select confab.version()');
	my $is = site_file('bin') . "/confab -c $site->{conf} upgrade";
	if (!$ok) {
		my $limited = ask_database($site, $limited_login);
		fault(
			what => "$limited may not create roles, and the database is another's",
			change => "alter role $limited createrole;   -- or: alter database … owner to $limited; as a superuser",
			why => 'the upgrade makes a role for each program, or one login owns it all'
		) if length $limited;
		return fault(
			what => 'the schema is not there: ' . $said =~ s/\n.*//rs,
			change => $is,
			why => 'the programs refuse to work without it'
		);
	}
	return note("version $said") if !$site->{version};
	return fault(
		what => "the schema is of version $said, the programs are $site->{version}",
		change => $is,
		why => 'the programs refuse an older schema, and an older program refuses a newer one'
	) if $said ne $site->{version};
	return note("version $said, as the programs");
}

# Whether each program can log in as its role, and nobody else needs a password for it.
sub check_roles {
	my ($site) = @_;
	return skipped('the database is away') if !$site->{database};
	my $shared = ask_database($site, "select value from confab.status() where name = 'role of the programs'");
	return note("$shared: each of them may do whatever it may") if $shared;
	my $who = program_user($site);
	my $name = $who && getpwuid $who->{uid};
	my @as = $> == 0 && $name && $name ne 'root' ? ('runuser', '-u', $name, '--') : ();
	for my $program (sort keys %role) {
		my ($ok, $said) = sql($site, $role{$program}, 'select 1', @as);
		fault(
			what => "confab-$program can't log in as $role{$program}: " . ($said =~ s/^psql: error: |\n.*//gsr),
			why => 'the program is refused in the same way',
			$said =~ /does not exist/
			? (change => "confab -c $site->{conf} upgrade")
			: ( file => hba_file(),
				change => "local all $role{$program} peer map=confab   # and in pg_ident.conf: confab "
					. ($name // 'confab')
					. " $role{$program}"
			)
		) if !$ok;
	}
	my $is = facts($site,
			  "select json_object_agg(rolname, rolsuper) from pg_roles where rolname in ('"
			. join("', '", values %role)
			. "')") // {};
	warning(
		what => "the role $_ is a superuser",
		change => "alter role $_ nosuperuser;",
		why => 'a program needs to execute some functions, and nothing else'
	) for grep { $is->{$_} } sort keys %$is;
	note(join ', ', sort values %role);
}

# A psql that is kept: a function that asks it for one row.
sub conversation {
	my ($site) = @_;
	local @ENV{qw(PGUSER PGCONNECT_TIMEOUT PGOPTIONS)} = ('confab_admin', 3, '');
	local $SIG{PIPE} = 'IGNORE';
	my $pid = open2(my $out, my $in, psql($site));
	return sub {
		my ($statement) = @_;
		if (!defined $statement) { close $in; close $out; waitpid $pid, 0; return }
		syswrite $in, "$statement;\n";
		return (read_some($out, 5) // '') =~ s/\s+\z//r;
	};
}

# A pooler in transaction mode gives one session's server process to another between two transactions.
sub check_pooler {
	my ($site) = @_;
	return skipped('the database is away') if !$site->{database};
	my ($first, $second) = (conversation($site), conversation($site));
	my $before = $first->('select pg_backend_pid()');
	$second->('begin; select 1');
	my $after = $first->('select pg_backend_pid()');
	$second->('rollback; select 1');
	$_->() for $first, $second;
	return note('each connection keeps its server process') if $before eq $after && $before =~ /\d/;
	my ($pooler) =
		grep { $_->{kind} eq 'pgbouncer' && find_line($_, qr/^\s*pool_mode\s*=\s*(?:transaction|statement)/) }
		@{ $site->{all_fronts} };
	my $line = $pooler && find_line($pooler, qr/^\s*pool_mode\s*=/);
	return fault(
		what => 'a pooler in transaction mode is between here and PostgreSQL',
		why =>
			'LISTEN and prepared statements need a session: dispatches wait up to 1 s, commands fail with 26000 and 42P05',
		$line
		? (file => $line->{file}, line => $line->{line}, change => 'pool_mode = session')
		: ( file => $site->{conf},
			line => $site->{at}{database},
			change => 'database = host=… port=5432 dbname=…   # PostgreSQL itself'
		)
	);
}

# The clock of the database against this machine's.
sub check_clock {
	my ($site) = @_;
	return skipped('the database is away') if !$site->{database};
	my $start = time;
	my ($ok, $there) = sql($site, 'confab_admin', 'select extract(epoch from clock_timestamp())');
	my $off = $there - ($start + time) / 2;
	return note(sprintf 'the database\'s clock is within %.0f s', 1) if abs $off < 1 + (time - $start) / 2;
	return warning(
		what =>
			sprintf('the database\'s clock is %.0f s %s this machine\'s', abs $off, $off > 0 ? 'before' : 'behind'),
		change => 'apt install systemd-timesyncd   # or chrony, on both machines',
		why => 'tokens of a host application end, and begin, by this machine\'s clock, log-ins by the database\'s'
	);
}

my $log_facts = <<'END';
with the_log as (select last_value as last from confab.log_seq),
	full_partition as (select first_seq from confab.log_partition, the_log where first_seq + 1000000 <= last),
	newest as (select (select created_at from confab.log where seq >= first_seq and seq < first_seq + 1000000
		order by seq desc limit 1) as at from full_partition)
select json_build_object(
	'last', (select last from the_log),
	'end', (select max(first_seq) + 1000000 from confab.log_partition),
	'old', (select count(*) from newest where at < now()
		- (coalesce(confab.setting_value('log_days')::text::numeric, 7) + 1) * interval '1 day'),
	'silent', (select round(extract(epoch from now() - max(alive_at))) from confab.process),
	'streams', (select count(*) from confab.session),
	'erased', (select count(*) from confab.erased_room),
	'fence', (select json_agg(value) from confab.status() where name like 'holds a number%'),
	'prepared', (select json_agg(gid) from pg_prepared_xacts where database = current_database()))
END

# The log of dispatches: room for numbers, removal of old ones, transactions that hold delivery up.
sub check_log {
	my ($site) = @_;
	my $is = facts($site, $log_facts) // return skipped('the database is away, or has no schema');
	my $maintain = site_file('bin') . "/confab -c $site->{conf} maintain";
	$site->{streams} = $is->{streams};
	fault(
		what => 'the log has room for ' . ($is->{end} - $is->{last}) . ' more numbers',
		change => $maintain,
		why => 'sending fails when there is none; a delivering program makes new partitions, so none has run for long'
	) if $is->{end} - $is->{last} < 500000;
	warning(
		what => "$is->{old} partitions of the log are older than the setting log_days",
		change => $maintain,
		why => 'dispatches of people are kept longer than you said; a delivering program drops them'
	) if $is->{old};
	warning(
		what => 'no delivering program has been heard of for ' . ($is->{silent} // 'ever') . ' s',
		change => start_again($site),
		why => 'they also do the upkeep: partitions, expiry, presence'
	) if ($is->{silent} // 99) > 60;
	warning(
		what => "$is->{erased} deleted rooms wait to be collected",
		change => $maintain,
		why => 'what people deleted should be gone within minutes'
	) if $is->{erased} > 1000;
	warning(
		what => "a transaction holds a number of the log: $_",
		change => 'select pg_terminate_backend(PID);   -- confab status names it',
		why => 'nothing is delivered to anybody meanwhile'
	) for @{ $is->{fence} // [] };
	warning(
		what => "the prepared transaction $_ waits",
		change => "rollback prepared '$_';",
		why => 'if it holds a number of the log nothing is delivered, even after a restart'
	) for @{ $is->{prepared} // [] };
	note("$is->{streams} streams, room for " . ($is->{end} - $is->{last}) . ' dispatches, old ones are removed');
}

sub start_again {
	my ($site) = @_;
	return has_systemd()
		? "systemctl restart confab-events\@$site->{name}"
		: site_file('programs') . " $site->{name} restart";
}

my $server_facts = <<'END';
select json_build_object(
	'fsync', current_setting('fsync'),
	'full', current_setting('full_page_writes'),
	'most', current_setting('max_connections')::int,
	'used', (select count(*) from pg_stat_activity where datid is not null))
END

# Settings of the server that lose what was acknowledged.
sub check_durability {
	my ($site) = @_;
	my $is = facts($site, $server_facts) // return skipped('the database is away');
	my %option = %{ $site->{config} };
	my $needed = $option{command_workers} + $option{session_workers} + $option{media_workers} + 4;
	warning(
		what => "fsync is off",
		file => 'postgresql.conf',
		change => 'fsync = on',
		why => 'after a crash of the machine the database may be unusable, or lack what was acknowledged'
	) if $is->{fsync} ne 'on';
	warning(
		what => "full_page_writes is off",
		file => 'postgresql.conf',
		change => 'full_page_writes = on',
		why => 'after a crash of the machine the database may be unusable'
	) if $is->{full} ne 'on';
	warning(
		what => "PostgreSQL takes $is->{most} connections, and this site alone needs $needed",
		file => 'postgresql.conf',
		change => 'max_connections = ' . ($needed * 2 + 20),
		why => 'workers without a connection answer 4053'
	) if $needed + 5 > $is->{most};
	note("fsync is on; $is->{used} of $is->{most} connections are in use, this site needs $needed");
}

1;
