# What a check of the doctor says. A check is a function of a site; what it finds is collected while it runs.
package Confab::Check::Finding;
use strict;
use warnings;
use Exporter qw(import);
our @EXPORT = qw(fault findings note skipped warning);

my $said; # by the check that runs

# what: the sentence; why: why it matters; change: the exact lines; file, line: where to write them; where: in words, if
# that is not enough.
sub fault { push @$said, { level => 'error', @_ }; return }
sub warning { push @$said, { level => 'warning', @_ }; return }

# What was seen, if nothing is wrong; why there is nothing to see.
sub note { push @$said, { level => 'note', what => join '', @_ }; return }
sub skipped { push @$said, { level => 'skipped', what => join '', @_ }; return }

# Runs a check. Returns what it said: the findings, or the notes if there are none.
sub findings {
	my ($check, $site) = @_;
	local $@;
	$said = [];
	eval { $check->($site); 1 } or skipped("this check failed itself: $@");
	for (map { $_->{what} } @$said) { s/\s+\z//; s/\s+/ /g }
	my @wrong = grep { $_->{level} =~ /^(?:error|warning)$/ } @$said;
	return @wrong ? @wrong : @$said;
}

1;
