"""Raw departmental files of an invented district: what departments would send, never facts or scores (docs/district-data.md)."""
