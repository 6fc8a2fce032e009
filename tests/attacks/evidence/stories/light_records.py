"""Light proofs of a conclusion (step 17, evidence-spec 5.4): honest, forged, and with gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.light.state import commitment_slot
from chain.package import contents
from chain.verifier import Outcome
from signing import jcs
from tests.attacks.evidence.stories.light import OPEN, PASS, Spoil, put
from tests.attacks.evidence.story import LATER, Made, Scene, Story
from tests.factories.evidence import Forge
from tests.factories.light_network import Json
from tests.factories.light_proofs import LightForge, concluded, conclusion_forge, record_of


def record(
    en: str,
    zh: str,
    sub: str = "",
    *,
    outcome: Outcome = Outcome.FAILED,
    stated: Callable[[Forge], Json] | None = None,
    spoil: Spoil | None = None,
    supervision: bool = False,
    changes: Callable[[Forge], dict[str, Any]] = lambda forge: {},
) -> Story:
    """A contract's package with the record of its conclusion."""

    def make(scene: Scene) -> Made:
        kept: list[LightForge] = []

        def add(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
            who = (forge.contract_id, forge.opening["version"], forge.commitment)
            light = conclusion_forge(scene.world, *who, **changes(forge))
            kept.append(light)
            value = record_of(light, *who)
            value["conclusion"] |= stated(forge) if stated is not None else {}
            if spoil is not None:
                spoil(value)
            return files | {contents.CHAIN_RECORD: jcs.canonical(value)}

        forge = Forge(scene.world, changes={"supervision_files" if supervision else "files": add})
        data = forge.supervision if supervision else forge.package
        return Made(data, kept[0].root(), LATER)

    verdict = PASS if outcome is OPEN else None
    return Story(en, zh, 17 if sub else 0, sub, make, outcome, verdict)


def _other_event(**changes: Any) -> Callable[[Forge], dict[str, Any]]:
    def made(forge: Forge) -> dict[str, Any]:
        values: dict[str, Any] = {
            "address": forge.root.address_of("LaborContractRegistry"),
            "contract_id": forge.contract_id,
        }
        values |= {"version": forge.opening["version"], "commitment": forge.commitment} | changes
        return {"data": concluded(**values)}

    return made


STORIES: list[Story] = [
    record("the registry's record of the conclusion, with its event", "登记合约的成立记录，附事件"),
    record(
        "the record of the conclusion without the transaction's result",
        "成立记录，不附交易结果",
        changes=lambda forge: {"data": None},
    ),
    record(
        "the transaction's event is not the conclusion",
        "交易的事件不是成立",
        "STATEMENT_MISMATCH",
        changes=_other_event(topics=[bytes(32)]),
    ),
    record(
        "the result's place is outside of its block",
        "结果的序号超出区块",
        "FORMAT_FAILURE",
        spoil=put("result", "index", value=3),
    ),
    record(
        "the record is of another contract",
        "记录属于另一份合同",
        "SLOT_MISMATCH",
        stated=lambda forge: {"contract_id": "44" * 32},
    ),
    record(
        "the record is of another version, consistently",
        "记录属于另一版本，内部一致",
        "STATEMENT_MISMATCH",
        stated=lambda forge: {"version": 2},
        changes=lambda forge: {"slot": commitment_slot(bytes.fromhex(forge.contract_id), 2)},
    ),
    record(
        "the registry holds another commitment",
        "登记的是另一个承诺",
        "STATEMENT_MISMATCH",
        changes=lambda forge: {"value": b"\x55" * 32},
    ),
    record(
        "the event is of another commitment",
        "事件说的是另一个承诺",
        "STATEMENT_MISMATCH",
        changes=_other_event(commitment=b"\x55" * 32),
    ),
    record(
        "the event is of a contract of the forger's own",
        "事件出自伪造者自己的合约",
        "CONTRACT_CODE_UNKNOWN",
        changes=_other_event(address="0x" + "12" * 20),
    ),
    record("the transaction failed", "交易未成功", "STATEMENT_MISMATCH", changes=lambda forge: {"code": 5}),
    record(
        "the EVM reverted the call",
        "调用被回退",
        "STATEMENT_MISMATCH",
        changes=_other_event(error="execution reverted"),
    ),
    record(
        "the result is of another module",
        "结果出自另一模块",
        "INCLUSION_INVALID",
        changes=_other_event(kind="/cosmos.bank.v1beta1.MsgSendResponse"),
    ),
    record(
        "the result is altered after it was signed",
        "签后改动结果",
        "INCLUSION_INVALID",
        spoil=put("result", "gas_used", value=1),
    ),
    record(
        "the record's headers have no timestamp: shown, and of no weight",
        "记录的区块头没有时间戳：如实显示",
        "NO_HEADER_TIMESTAMP",
        outcome=OPEN,
        changes=lambda forge: {"stamped": None},
    ),
]
