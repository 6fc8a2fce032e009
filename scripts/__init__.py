"""Thin commands: set-up, tests, the `concord` command line, demo and benchmarks."""
