# What a check of the doctor says. A check returns a list of these: notes of what it saw, and what is wrong.
package Confab::Check::Finding;
use strict;
use warnings;
use Exporter qw(import);
our @EXPORT = qw(fault note skipped warning);

# what: the sentence; why: why it matters; change: the exact lines; file, line: where; where: in words, if that is not
# enough.
sub fault { return { level => 'error', @_ } }
sub warning { return { level => 'warning', @_ } }
sub note { return { level => 'note', what => join '', @_ } }
sub skipped { return { level => 'skipped', what => join '', @_ } }

1;
