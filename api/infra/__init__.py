"""Everything technical that slices stand on: settings, database, unit of work, problems, auth, web, logging."""
