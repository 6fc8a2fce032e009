"""Compile `contracts/` and write the artefacts of `chain/abi/`, and the code that the validators' engine embeds.

py-solc-x drives the pinned npm compiler through `scripts/solc` (EVM floor Cancun, as OpenZeppelin 5.7 needs it).
The output holds neither paths nor times, so the same sources give the same bytes; `--check` compiles again and
compares, which lets an installation run without a compiler.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError
from solcx.wrapper import get_solc_version

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "contracts" / "src"
TARGET = ROOT / "chain" / "abi"
MODULES = ROOT / "node_modules"
ENGINE = ROOT / "node" / "engine" / "gate"
COMPILER = ROOT / "scripts" / "solc"
COMPILER_VERSION = "0.8.37"

OPENZEPPELIN = "@openzeppelin/contracts/"

#: Contract name -> source unit. AccessManager is OpenZeppelin's own; every other source is ours.
CONTRACTS: Mapping[str, str] = {
    "AccessManager": OPENZEPPELIN + "access/manager/AccessManager.sol",
    "AccountGate": "src/AccountGate.sol",
    "EvidenceLog": "src/EvidenceLog.sol",
    "GovernanceAccount": "src/GovernanceAccount.sol",
    "JudicialAnchor": "src/JudicialAnchor.sol",
    "LaborContractRegistry": "src/LaborContractRegistry.sol",
    "ParticipantRegistry": "src/ParticipantRegistry.sol",
    "PasskeyVerifier": "src/PasskeyVerifier.sol",
    "WarningDecisionRegistry": "src/WarningDecisionRegistry.sol",
}

#: Contracts that stand in the genesis of a validator network: the engine embeds their code.
EMBEDDED = ("AccountGate",)

SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": True, "runs": 200},
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
    "outputSelection": {
        "*": {
            "*": [
                "abi",
                "evm.bytecode.object",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.immutableReferences",
                "storageLayout",
            ]
        }
    },
}


class CompilationFailed(Exception):
    """The compiler refused the sources; the message holds what it said."""


def compile_contracts() -> dict[str, dict[str, Any]]:
    """Compile every contract of `CONTRACTS`.

    Returns:
        The artefact of each contract by name, as it is written to `chain/abi/<name>.json`.

    Raises:
        CompilationFailed: the sources do not compile, or the compiler is not the pinned one.
    """
    sources = {
        f"src/{path.relative_to(SOURCES).as_posix()}": {"content": path.read_text("utf-8")}
        for path in sorted(SOURCES.rglob("*.sol"))
    }
    for unit in CONTRACTS.values():
        if unit.startswith(OPENZEPPELIN):
            sources[unit] = {"content": (MODULES / unit).read_text("utf-8")}
    request = {"language": "Solidity", "sources": sources, "settings": SETTINGS}
    try:
        answer = solcx.compile_standard(
            request,
            solc_binary=COMPILER,
            base_path=MODULES,
            allow_paths=MODULES,
        )
    except SolcError as error:
        raise CompilationFailed(str(error)) from error
    own_warnings = [
        problem["formattedMessage"]
        for problem in answer.get("errors", ())
        if problem.get("sourceLocation", {}).get("file", "").startswith("src/")
    ]
    if own_warnings:
        raise CompilationFailed("\n".join(own_warnings))
    return {name: _artefact(name, unit, answer["contracts"][unit][name]) for name, unit in CONTRACTS.items()}


def render(artefact: Mapping[str, Any]) -> bytes:
    """The bytes of an artefact file: sorted keys, so that differences can be read."""
    return (json.dumps(artefact, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def _artefact(name: str, unit: str, output: Mapping[str, Any]) -> dict[str, Any]:
    deployed = output["evm"]["deployedBytecode"]
    # Immutables are named by syntax-tree ids, which depend on what else was compiled: keep the places only.
    places = sorted(
        (place["start"], place["length"])
        for group in deployed.get("immutableReferences", {}).values()
        for place in group
    )
    return {
        "contract": name,
        "source": unit,
        "compiler": COMPILER_VERSION,
        "evm_version": SETTINGS["evmVersion"],
        "optimizer_runs": SETTINGS["optimizer"]["runs"],
        "abi": output["abi"],
        "bytecode": output["evm"]["bytecode"]["object"],
        "deployed_bytecode": deployed["object"],
        "immutable_references": [{"start": start, "length": length} for start, length in places],
        "storage_layout": [
            {"label": slot["label"], "slot": int(slot["slot"]), "offset": slot["offset"]}
            for slot in output.get("storageLayout", {}).get("storage", ())
        ],
    }


def _pinned() -> bool:
    return bool(get_solc_version(COMPILER).base_version == COMPILER_VERSION)


def main(argv: list[str] | None = None) -> int:
    """Write the artefacts, or with `--check` compare them; exit 0 when they are up to date, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="compile and compare, write nothing")
    arguments = parser.parse_args(argv)
    if not _pinned():
        print(f"the compiler must be solc {COMPILER_VERSION}: run npm ci", file=sys.stderr)
        return 1
    try:
        artefacts = compile_contracts()
    except CompilationFailed as error:
        print(error, file=sys.stderr)
        return 1
    files = {TARGET / f"{name}.json": render(artefact) for name, artefact in artefacts.items()}
    for name in EMBEDDED:
        files[ENGINE / f"{name}.hex"] = artefacts[name]["deployed_bytecode"].encode("ascii") + b"\n"
    stale = []
    for path, data in files.items():
        if path.exists() and path.read_bytes() == data:
            continue
        stale.append(path.name)
        if not arguments.check:
            path.write_bytes(data)
    if arguments.check and stale:
        print("out of date, run scripts/build_contracts.py: " + ", ".join(stale), file=sys.stderr)
        return 1
    print("up to date" if not stale else "written: " + ", ".join(stale))
    return 0


if __name__ == "__main__":
    sys.exit(main())
