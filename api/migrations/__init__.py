"""The database's schema history: forward only, one chain for SQLite and PostgreSQL."""
