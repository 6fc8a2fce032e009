"""Light proofs in steps 17 and 22: type `cometbft-ics23` (docs/evidence-spec.md, 5.4, in its order)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chain.figures import counter_slot
from chain.package import contents
from chain.package.schema import ShapeError
from chain.trust_root import REGISTRY
from chain.verifier.case import TOLERANCE, Case, moment, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from chain.verifier.steps.log import judge_token

if TYPE_CHECKING:
    from chain.light.trail import Block, Trail
    from signing.timestamps import Token

Logs = Callable[[Case, Any], list[str]]
STREAM = "econtract/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record(case: Case, judge_logs: Logs) -> Passed:
    """17. The registry holds this commitment, in a state that the network's validators have signed."""
    from chain.light.shape import check_record
    from chain.light.state import commitment_slot

    proof = _shaped(case, contents.CHAIN_RECORD, check_record)
    concluded = proof["conclusion"]
    slot = commitment_slot(bytes.fromhex(concluded["contract_id"]), concluded["version"])
    trail = _consistent(case, proof, contents.CHAIN_RECORD, slot)
    found = {"value": (proof["state"]["slots"][0]["value"], concluded["commitment"])}
    for field, (proven, stated) in (found | _package(case, concluded)).items():
        if proven != stated:
            raise Failed("STATEMENT_MISMATCH", entry=contents.CHAIN_RECORD, field=field)
    events = [] if proof["result"] is None else _events(case, proof["result"], trail.end, judge_logs)
    return Passed(_trusted(case, proof, trail) | {"events": events})


def figure(case: Case) -> Passed:
    """22. The counter holds this number, in a state that the network's validators have signed."""
    from chain.light.shape import check_figure

    stated = case.json[contents.FIGURE_STATEMENT]
    proof = _shaped(case, contents.FIGURE_PROOF, check_figure)
    slot = counter_slot(stated["region"], stated["month"])
    trail = _consistent(case, proof, contents.FIGURE_PROOF, slot)
    value = int(proof["state"]["slots"][0]["value"] or "0", 16)
    for field, proven in (("value", value), ("block", trail.end.height - 1)):
        if stated[field] != proven:
            raise Failed(
                "STATEMENT_MISMATCH", entry=contents.FIGURE_STATEMENT, field=field, proven=str(proven)
            )
    facts = {name: stated[name] for name in ("what", "region", "month", "value")}
    return Passed(_trusted(case, proof, trail) | facts | {"slot": slot.hex()})


def _shaped(case: Case, entry: str, check: Callable[[Any], None]) -> dict[str, Any]:
    proof = case.json[entry]
    try:
        check(proof)
    except ShapeError as error:
        raise Failed("FORMAT_FAILURE", entry=entry, path=error.path[:200]) from error
    return proof


def _package(case: Case, concluded: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the record must have in common with its package, by member."""
    if case.kind != contents.CONTRACT:
        stream = case.json[contents.STREAM]["stream"]
        return {"contract_id": (STREAM + concluded["contract_id"], stream)}
    mine = {name: case.opening[name] for name in ("contract_id", "version")}
    mine["commitment"] = case.commitment.hex()
    return {name: (concluded[name], value) for name, value in mine.items()}


def _consistent(case: Case, proof: Mapping[str, Any], entry: str, slot: bytes) -> Trail:
    """The trail, after everything in it and below its last header was found to agree (2 to 6)."""
    from chain.errors import ProofInvalid
    from chain.light.errors import LightRefused
    from chain.light.state import check_state
    from chain.light.trail import Trail

    light, state = proof["light"], proof["state"]
    network = case.trust_root.network
    if network is not None and network.chain_id != light["chain_id"]:
        raise Failed("WRONG_INSTALLATION", field="network", chain_id=light["chain_id"])
    trail = Trail.of(light)
    try:
        trail.check()
    except LightRefused as refused:
        raise Failed(refused.sub_indication, entry=entry, **_plain(refused)) from refused
    registry = case.trust_root.value["contracts"][REGISTRY]
    if state["address"] != registry["address"]:
        raise Failed("CONTRACT_CODE_UNKNOWN", field="address", address=state["address"])
    app_hash = bytes.fromhex(trail.end.header["app_hash"])
    try:
        check_state(state, bytes.fromhex(registry["code_hash"]), app_hash)
    except ProofInvalid as error:
        raise Failed("INCLUSION_INVALID", entry=entry, reason=str(error)[:200]) from error
    found = state["slots"][0]["slot"]
    if found != slot.hex():
        raise Failed("SLOT_MISMATCH", expected=slot.hex(), found=[found])
    return trail


def _plain(refused: Any) -> dict[str, Any]:
    return {name: value for name, value in refused.facts.items() if name != "reason"}


def _events(case: Case, result: Mapping[str, Any], block: Block, judge_logs: Logs) -> list[str]:
    """Names of the events of a transaction that the last header commits to (8)."""
    from chain.errors import ProofInvalid
    from chain.light.results import data_of, responses, results_root

    entry = contents.CHAIN_RECORD
    try:
        if results_root(result).hex() != block.header["last_results_hash"]:
            raise ProofInvalid("the result does not lead to the header's last_results_hash")
        answers = responses(data_of(result))
    except ProofInvalid as error:
        raise Failed("INCLUSION_INVALID", entry=entry, reason=str(error)[:200]) from error
    if result["code"] != 0 or any(answer.error for answer in answers):
        raise Failed("STATEMENT_MISMATCH", entry=entry, field="status")
    try:
        names = judge_logs(case, [log for answer in answers for log in answer.logs])
    except IndexError as error:
        raise Failed("INCLUSION_INVALID", entry=entry, reason="topics are missing") from error
    if "Concluded" not in names:
        raise Failed("STATEMENT_MISMATCH", entry=entry, field="event")
    return names


def _trusted(case: Case, proof: Mapping[str, Any], trail: Trail) -> dict[str, Any]:
    """Facts, after the trust root was found to vouch for the last header at the token's time (9 to 13)."""
    from chain.light.errors import LightRefused

    token = _token(case, proof["light"], trail)
    network = case.trust_root.network
    if network is None:
        raise Undecided("NO_NETWORK_ROOT")
    if network.headers.get(trail.start.height) != trail.start.hash.hex():
        raise Undecided("TRUSTED_HEADER_UNKNOWN", height=trail.start.height)
    try:
        trail.check_trust()
    except LightRefused as refused:
        raise Undecided(refused.sub_indication, **_plain(refused)) from refused
    if token is None:
        raise Undecided("NO_HEADER_TIMESTAMP", height=trail.end.height)
    ends = trail.start.nanoseconds + network.trusting_period * 10**9
    if _nanoseconds(token.gen_time) >= ends:
        raise Undecided(
            "TRUSTING_PERIOD_OVER", ended=text_of(moment(ends // 10**9)), token=text_of(token.gen_time)
        )
    end = trail.end
    return {
        "type": proof["type"],
        "height": end.height - 1,
        "hash": end.hash.hex(),
        "time": text_of(moment(end.header["time"][0])),
        "trusted_height": trail.start.height,
        "signed": end.signed_of(end.powers),
        "power": end.total,
        "blocks": len(trail.blocks),
        "token": text_of(token.gen_time),
    }


def _token(case: Case, light: Mapping[str, Any], trail: Trail) -> Token | None:
    """The token over the whole trail, None without one."""
    from chain.light.encoding import trail_imprint

    if light["token"] is None:
        return None
    token = judge_token(case, base64.b64decode(light["token"]), trail_imprint(light))
    stamped, slack = _nanoseconds(token.gen_time), TOLERANCE * 10**9
    if stamped > _nanoseconds(case.now) + slack or trail.end.nanoseconds >= stamped + slack:
        raise Failed("TIME_CONTRADICTION", token=text_of(token.gen_time), height=trail.end.height)
    return token


def _nanoseconds(when: datetime) -> int:
    """Exact unix nanoseconds of an aware time."""
    since = when - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1_000
