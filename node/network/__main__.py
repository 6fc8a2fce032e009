"""``python -m node.network``: the RPC gateway in front of one validator's engine, in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from node.network.front import FrontSettings, ValidatorFront
from node.server import run_backend


def parse(arguments: list[str]) -> FrontSettings:
    """Settings from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m node.network", description="The RPC gateway in front of one validator's engine."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of token and list of senders")
    parser.add_argument("--engine", required=True, help="address of the engine's JSON-RPC, on loopback")
    parser.add_argument("--chain-id", type=int, required=True, help="chain id (EIP-155) of the network")
    parser.add_argument("--port", type=int, default=8545, help="port of the RPC gateway; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address of the RPC gateway")
    parser.add_argument("--sender", action="append", default=[], help="address to add to the list of senders")
    options = parser.parse_args(arguments)
    return FrontSettings(
        data_dir=options.data,
        engine=options.engine,
        chain_id=options.chain_id,
        port=options.port,
        host=options.host,
        senders=tuple(options.sender),
    )


def main(arguments: list[str]) -> int:
    """Run the gateway; the process's exit code."""
    settings = parse(arguments)
    return run_backend(settings, lambda: ValidatorFront(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
