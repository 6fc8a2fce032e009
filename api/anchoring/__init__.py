"""Event streams, the outbox towards the chain, checkpoints, and the index of what the chain says."""
