"""What people see of an enterprise's risk: shown grade, settled rows, episodes. Pure: no clock, no database."""
