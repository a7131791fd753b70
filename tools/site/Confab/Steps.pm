# The steps of setup: what is left to do is shown, asked about once, and done.
package Confab::Steps;
use strict;
use warnings;
use Exporter qw(import);
use Confab::System;
our @EXPORT = qw(take_back_all take_steps);

# Whether the person wants it. fallback: the answer to an empty line.
sub is_wanted {
	my ($o, $fallback) = @_;
	return 1 if $o->{yes};
	print 'Go on? ', $fallback eq 'y' ? '[Y/n] ' : '[y/N] ';
	my $answer = <STDIN> // return 0;
	return ($answer =~ /^\s*$/ ? $fallback : $answer) =~ /^y/i;
}

# A step: { what: it changes; done: whether that is so already; do; undo: takes it back when a later one fails; quiet:
# not worth a line }. One that can't be asked yet is not done. Returns whether they were taken; o: yes, dry-run.
sub take_steps {
	my ($o, @steps) = @_;
	my @left = grep { !$_->{done}->() } @steps;
	my @shown = grep { !$_->{quiet} } @left;
	print @shown ? "confab setup will make or change\n" : "everything is there already\n";
	print "  $_->{what}\n" for @shown;
	return 0 if $o->{'dry-run'};
	fail('nothing was changed') if @shown && !is_wanted($o, 'y');
	for my $step (@left) {
		next if $step->{done}->();
		unshift @on_failure, $step->{undo} if $step->{undo};
		$step->{do}->();
		print "done: $step->{what}\n" if !$step->{quiet};
	}
	return 1;
}

# work: a list of [what is taken back, how].
sub take_back_all {
	my ($o, @work) = @_;
	print "confab setup --remove takes back\n", map { "  $_->[0]\n" } @work;
	return 0 if $o->{'dry-run'};
	fail('nothing was changed') if !is_wanted($o, 'n');
	$_->[1]->() for @work;
	return 1;
}

1;
