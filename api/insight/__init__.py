"""Supervision from chain state, and the operator's view of the running platform.

What the regulator sees is answered from the index of the chain's own events, never from the business tables;
each figure names the block and the query that it answers. Names are resolved off chain for entitled roles
only.
"""
