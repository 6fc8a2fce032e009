"""`python -m chain.witness init|run|show --data DIR`: make a witness, run it, or show what it has seen."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from chain.checkpoint import Verifier
from chain.errors import ChainError
from chain.witness import identity
from chain.witness.app import build_app
from chain.witness.errors import WitnessError
from chain.witness.memory import Memory
from chain.witness.service import Witness
from signing.eip712 import Domain
from signing.identity_service.serving import listen, serve


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chain.witness", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["init", "run", "show"], default="run")
    parser.add_argument("--data", type=Path, required=True, help="the witness's own folder: keys and memory")
    parser.add_argument("--name", help="init: name in signature lines; court.example/ takes a suffix")
    parser.add_argument("--port", type=int, default=0, help="run: loopback port; 0 takes a free one")
    parser.add_argument("--log", action="append", default=[], help="run: verifier key of a log to witness")
    parser.add_argument(
        "--bridge", type=Path, help="run: EIP-712 domain of the judicial chain's contract (JSON)"
    )
    return parser


def read_bridges(path: Path | None, logs: Iterable[Verifier]) -> dict[str, Domain]:
    """Domain by log origin. A file that is not there yet means: no judicial chain, C2SP cosignatures only."""
    if path is None or not path.exists():
        return {}
    data = json.loads(path.read_text("utf-8"))
    for log in logs:
        domain = Domain(data["name"], int(data["chainId"]), data["verifyingContract"], log.name)
        if (
            str(data["salt"]).removeprefix("0x") == domain.salt.hex()
            and data.get("version") == domain.version
        ):
            return {log.name: domain}
    raise WitnessError("witness.belongs_to_another", file=str(path))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit code."""
    os.umask(0o077)
    args = arguments().parse_args(argv)
    try:
        if args.command == "init":
            if not args.name:
                raise WitnessError("witness.name_refused", name="")
            return _print(asdict(identity.make(args.data, args.name)))
        keys = identity.load(args.data)
        memory = Memory.open(args.data, keys.facts.vkey)
        if args.command == "show":
            return _print({**asdict(keys.facts), **memory.story()})
        return _run(args, keys, memory)
    except ChainError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


def _run(args: argparse.Namespace, keys: identity.WitnessKeys, memory: Memory) -> int:
    logs = [Verifier.parse(vkey) for vkey in args.log]
    if not logs:
        raise WitnessError("witness.no_log")
    bridges = read_bridges(args.bridge, logs)
    app = build_app(Witness(keys, memory, logs, bridges, time.time))
    try:
        serve(app, listen(args.port), "witness", bridge=sorted(bridges), **asdict(keys.facts))
    finally:
        memory.close()
        sys.stdout.flush()
    return 0


def _print(value: object) -> int:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
