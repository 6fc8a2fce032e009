"""Ledger facts and proofs: gateways, relay, indexer, RFC 9162 trees, checkpoints and the evidence verifier.

A library below the API: it receives dataclasses and ports, reads no environment and knows nothing of `api`.
"""
