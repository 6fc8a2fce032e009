"""``python -m node``: one embedded chain in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from node.server import run
from node.settings import NodeSettings


def parse(arguments: list[str]) -> NodeSettings:
    """Settings from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m node", description="The embedded chain of one installation."
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="data folder of the chain (created when missing)"
    )
    parser.add_argument("--port", type=int, default=8545, help="port of the RPC gateway; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address of the RPC gateway")
    parser.add_argument("--chain-id", type=int, help="chain id of a new installation (default: random)")
    parser.add_argument("--genesis-time", type=int, help="genesis time of a new installation (default: now)")
    parser.add_argument(
        "--block-interval", type=float, default=1.0, help="least pause between two blocks, seconds"
    )
    parser.add_argument(
        "--state-history", type=int, default=16, help="recent blocks whose state can be asked for"
    )
    parser.add_argument(
        "--snapshot-after", type=float, default=3.0, help="seconds of replay that are worth a new snapshot"
    )
    parser.add_argument("--sender", action="append", default=[], help="address to add to the list of senders")
    parser.add_argument("--anvil", type=Path, help="path of the anvil program")
    parser.add_argument(
        "--seal-key", type=Path, help="file with the Ed25519 seed (hex) that seals every block"
    )
    parser.add_argument(
        "--seal-name", default="court.test/chain", help="name of the sealing key in its notes"
    )
    options = parser.parse_args(arguments)
    return NodeSettings(
        data_dir=options.data,
        port=options.port,
        host=options.host,
        chain_id=options.chain_id,
        genesis_time=options.genesis_time,
        block_interval=options.block_interval,
        state_history=options.state_history,
        snapshot_after=options.snapshot_after,
        senders=tuple(options.sender),
        anvil=options.anvil,
        seal_key=options.seal_key,
        seal_name=options.seal_name,
    )


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
