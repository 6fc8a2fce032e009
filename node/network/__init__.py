"""The validator network: several organisations run one chain, one of them may fail, none can rewrite it alone.

`program` builds and finds the engine (`node/engine/`, Go), `member` makes what one organisation keeps to itself,
`founding` makes the genesis that all share, `configuration` writes a node's files, `local` runs the nodes of one
machine, `gate` speaks to the AccountGate contract, `archive` backs a node up. See docs/operations/network.md.
"""
