"""The embedded chain: one anvil process behind a journal and a gateway (design, section 5).

anvil executes; this package makes it durable and lets nobody near it. ``journal`` is the truth on disk,
``replay`` and ``snapshot`` bring a fresh anvil to that truth, ``producer`` mines, ``gateway`` is the only
public door. The package knows nothing of the API above it and reads no environment: settings come as a
dataclass or as command line options.
"""
