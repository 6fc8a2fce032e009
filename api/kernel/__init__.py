"""Words that every slice shares: ids, clock, events, errors, money, calendars. Standard library only, no I/O."""
