"""Executors of a rule set: Polars for the nightly run, generated Python as the oracle, SQL for the auditor; one result."""
