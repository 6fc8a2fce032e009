"""``concord network``: the validator network from a member's side (Typer; facts as JSON on request).

`init` makes a network whose members all live on this machine, for demonstrations and tests. Real members run `member`,
`found` and `join` instead, each by himself (docs/operations/network.md).
"""

from node.network.cli import founding, keeping, proving, running, voting
from node.network.cli.application import LOCAL_MEMBERS, app

__all__ = ["LOCAL_MEMBERS", "app", "founding", "keeping", "proving", "running", "voting"]
