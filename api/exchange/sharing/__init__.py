"""Data that leaves: asked for with a purpose, approved by a second person, masked, audited at every read, marked, and ended."""
