"""Light proofs of the validator network: type `cometbft-ics23` (docs/evidence-spec.md, 3.6, 5.4 and annex C).

Pure and offline, but for `maker` and `rpc`, which fetch the parts of a proof from a node at anchoring time.
"""

TYPE = "cometbft-ics23"
