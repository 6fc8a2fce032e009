"""One document, its signatories in order, their keys, locks, tokens, seals and sealed storage (DESIGN §3)."""
