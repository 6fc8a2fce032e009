"""Disposal's service: cases and their steps, field work, papers, supervision, measuring, the desk of units."""
