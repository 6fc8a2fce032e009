"""Data exchange (S12): from a department's file to an accepted row, and what others may read of it."""
