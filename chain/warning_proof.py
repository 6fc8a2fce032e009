"""The proof of a warning's decisions: a JSON file that anybody checks without the platform.

It holds the salt of the warning's id, every step with its signatures, the evidence events with their bytes and their inclusion
in the log. `check` believes none of it: ids, digests, signatures, the order of the steps and inclusion are computed again.
What a file cannot show is that the registry took the steps: `on_chain` asks any node of the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain.checkpoint import Verifier, open_checkpoint
from chain.errors import TEXTS, ChainError
from chain.merkle import leaf_hash, verify_inclusion
from chain.warning_calls import CONTRACT
from chain.warning_rules import GRADES, StepKind, WarningStatus, grades_after, is_town_code, status_after
from signing import jcs, wallets
from signing.eip712 import Domain, checksum_address, digest
from signing.errors import SigningError
from signing.events import Event
from signing.warning_statements import WarningStep

FORMAT = "concord-warning-proof/v1"
SALTED = b"concord warning v1\0"
MAX_BYTES = 4_000_000
ZERO = "0" * 64
_NOBODY = "0x" + "0" * 40

TEXTS["warning_proof.malformed"] = (
    "这不是一份可读取的预警决定证明：{reason}",
    "This is not a readable proof of a warning's decisions: {reason}",
)
TEXTS["warning_proof.wrong"] = ("证明不成立：{what}", "The proof does not hold: {what}")


class WarningProofMalformed(ChainError):
    """The file has not the shape of a proof."""

    default_code = "warning_proof.malformed"


class WarningProofWrong(ChainError):
    """Something in the file contradicts something else in it, or is not signed by whom it names."""

    default_code = "warning_proof.wrong"


@dataclass(frozen=True)
class CheckedStep:
    """A step whose digest and signatures hold."""

    sequence: int
    kind: str
    grade: int
    automatic: bool
    digest: bytes
    signers: tuple[str, ...]


@dataclass(frozen=True)
class CheckedWarning:
    """What the file proves. `included`: events whose entries lie in the log; `outside`: those that no checkpoint covers yet."""

    warning: str
    chain_id: bytes
    contract: str
    status: str
    grade: int
    steps: tuple[CheckedStep, ...]
    included: tuple[str, ...]
    outside: tuple[str, ...]


def salted_id(warning: str, salt: bytes) -> bytes:
    """A warning's id on chain: SHA-256("concord warning v1" ‖ 0x00 ‖ 32-byte salt ‖ id)."""
    return hashlib.sha256(SALTED + salt + warning.encode("ascii")).digest()


def check(data: bytes, log: Verifier) -> CheckedWarning:
    """What a proof file proves, its log's key being `log`.

    Raises WarningProofMalformed, WarningProofWrong, NoteInvalid, ProofInvalid. Whether the rules or a person issued is the file's
    word until `on_chain` has asked: the statement itself has no such field.
    """
    try:
        value = jcs.loads(data) if len(data) <= MAX_BYTES else None
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise WarningProofMalformed(reason="format")
        return _check(value, log)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WarningProofMalformed(reason=f"{type(error).__name__}: {str(error)[:120]}") from error
    except SigningError as error:
        raise WarningProofMalformed(reason=error.code) from error


def on_chain(checked: CheckedWarning, call: Callable[[str, bytes], bytes]) -> list[int]:
    """Sequences of steps that the registry does not hold so: digest, signers, issued by the rules or not.

    `call(address, data)` asks a node; `Record` of the contract has nine words, of which 0 is the digest, 3 and 8 are who decided
    and reviewed, 7 says whether the rules issued.
    """
    from chain.abi import load

    function = load(CONTRACT).function("record")
    differing = []
    for step in checked.steps:
        answer = call(checked.contract, function.encode(checked.chain_id, step.sequence))
        words = [answer[at : at + 32] for at in range(0, len(answer), 32)]
        signers = (
            tuple(checksum_address("0x" + words[at][12:].hex()) for at in (3, 8)) if len(words) == 9 else ()
        )
        expected = (*step.signers, _NOBODY)[:2]
        if (
            len(words) != 9
            or words[0] != step.digest
            or signers != expected
            or bool(words[7][31]) is not step.automatic
        ):
            differing.append(step.sequence)
    return differing


def _check(value: Mapping[str, Any], log: Verifier) -> CheckedWarning:
    place = value["installation"]
    domain = Domain(place["domain_name"], place["chain_id"], place["contract"], place["log_origin"])
    named = value["warning"]
    warning, salt, chain_id = named["id"], bytes.fromhex(named["salt"]), bytes.fromhex(named["chain_id"])
    town = named["town_code"]
    if log.name != domain.log_origin:
        raise WarningProofWrong(what="log origin")
    if len(salt) != 32 or salted_id(warning, salt) != chain_id:
        raise WarningProofWrong(what="warning id")
    if not is_town_code(town):
        raise WarningProofWrong(what="town code")
    steps = _steps(value["steps"], domain, chain_id, town)
    status, grade = WarningStatus.NONE, 0
    for step in steps:
        kind = StepKind[step.kind.upper()]
        least, most = grades_after(grade, kind)
        after = status_after(status, kind, step.automatic)
        if after is None or step.grade not in GRADES or not least <= step.grade <= most:
            raise WarningProofWrong(what=f"step {step.sequence} is not possible after the one before")
        status, grade = after, step.grade
    included, outside = _events(value["events"], value["checkpoints"], f"warning/{warning}", log)
    contract = checksum_address(domain.verifying_contract)
    return CheckedWarning(warning, chain_id, contract, status.name.lower(), grade, steps, included, outside)


def _steps(
    rows: Sequence[Mapping[str, Any]], domain: Domain, chain_id: bytes, town: int
) -> tuple[CheckedStep, ...]:
    found: list[CheckedStep] = []
    prev = ZERO
    for number, row in enumerate(rows, start=1):
        kind = StepKind[str(row["kind"]).upper()]
        statement = WarningStep(
            chain_id, number, int(kind), row["grade"], town, bytes.fromhex(row["input_hash"]),
            bytes.fromhex(row["rule_set_hash"]), bytes.fromhex(row["prev"]), row["time"],
        )  # fmt: skip
        made = digest(domain, statement)
        if row["sequence"] != number or row["prev"] != prev or row["digest"] != made.hex():
            raise WarningProofWrong(what=f"step {number}: digest")
        prev = row["digest"]
        signers = [_signer(row, "officer", made, number)]
        if kind is StepKind.CLOSE:
            signers.append(_signer(row, "reviewer", made, number))
            if signers[0] == signers[1]:
                raise WarningProofWrong(what=f"step {number}: one person closed")
        automatic = row["automatic"] is True
        found.append(CheckedStep(number, kind.name.lower(), row["grade"], automatic, made, tuple(signers)))
    return tuple(found)


def _signer(row: Mapping[str, Any], role: str, made: bytes, number: int) -> str:
    wallet, signature = row[role], bytes.fromhex(row[f"{role}_signature"])
    try:
        wallets.verify(made, signature, wallet)
    except SigningError as error:
        raise WarningProofWrong(what=f"step {number}: signature of the {role}") from error
    return checksum_address(wallet)


def _events(
    rows: Sequence[Mapping[str, Any]], notes: Mapping[str, str], stream: str, log: Verifier
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    included: list[str] = []
    outside: list[str] = []
    prev = ZERO
    for number, row in enumerate(rows, start=1):
        event = Event.parse(row["body"].encode())
        payload = row["payload"].encode()
        entry = event.entry()
        what = f"event {number}"
        if (event.stream, event.seq, event.prev, event.log_origin) != (stream, number, prev, log.name):
            raise WarningProofWrong(what=f"{what}: place in its stream")
        if hashlib.sha256(payload).hexdigest() != event.payload_digest:
            raise WarningProofWrong(what=f"{what}: payload")
        prev = entry.hex()
        proof = row["inclusion"]
        if proof is None:
            outside.append(event.type)
            continue
        checkpoint = open_checkpoint(notes[str(proof["size"])].encode(), log)
        path = [bytes.fromhex(node) for node in proof["path"]]
        if checkpoint.size != proof["size"]:
            raise WarningProofWrong(what=f"{what}: checkpoint")
        verify_inclusion(leaf_hash(entry), proof["log_index"], checkpoint.size, path, checkpoint.root)
        included.append(event.type)
    return tuple(included), tuple(outside)
