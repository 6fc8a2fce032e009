"""What the exchange does: landing, reading, checking, committing, withdrawing, and giving out what was accepted."""
