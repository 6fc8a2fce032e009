"""A witness: a program of its own that cosigns a log's checkpoints after it has checked that the log only grew.

Own keys, own store, own process; it knows nothing of the platform's database. C2SP tlog-witness and tlog-cosignature.
"""
