"""The proof of a warning's decisions: checked without the platform, against tampering, and against the registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.anchoring.texts import TEXTS
from api.bootstrap import container
from api.bootstrap.warning_commands import app
from api.infra import problems
from api.infra.audit import AuditRow
from api.infra.db import Database
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain.errors import ChainError
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.warning_proof import WarningProofMalformed, WarningProofWrong, check, on_chain
from signing import wallets
from signing.eip712 import digest
from signing.warning_statements import WarningStep
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import KEY, Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.slice_application import person
from tests.support.warning_scene import (
    CONTRACTS,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    RULE_RUN,
    STRANGER,
    Decided,
    Desk,
    address,
    holder,
)

VKEY = KEY.verifier
EVENTS = ("risk.W01/1", "risk.W03/1", "risk.W05/1")


@pytest.fixture
def desk(database: Database) -> Desk:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN, [address(RULE_RUN)]), chain_id=CHAIN_ID)
    slice_ = Slice(
        database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN,
        registrars=frozenset({address(REGISTRAR)}), rule_run_key=RULE_RUN,
    )  # fmt: skip
    made = Desk(slice_)
    made.appoint(OFFICER, REVIEWER)
    made.take(
        Decided("w1", "issue", 4, automatic=True), Decided("w1", "confirm", 4), Decided("w1", "close", 4)
    )
    slice_.service.rule_signer().run_due()
    made.sign("w1", 2, OFFICER)
    made.sign("w1", 3, OFFICER, REVIEWER)
    with slice_.service.uow() as session:
        for number, kind in enumerate(EVENTS):
            draft = EventDraft("warning/w1", kind, "officer-1", "regulator", {"grade": 4, "no": number})
            slice_.service.recorder.record(session, draft)
    settle(slice_, 10)
    return made


def proof(desk: Desk, warning: str = "w1") -> bytes:
    service = desk.slice.service
    with service.uow() as session:
        return service.proof.make(session, person("court"), warning, "案件审理", "")


def test_a_proof_holds_by_itself_and_the_registry_agrees(desk: Desk) -> None:
    found = check(proof(desk), VKEY)
    assert (found.status, found.grade, found.chain_id.hex()) == ("closed", 4, desk.state("w1").chain_id)
    assert [(step.kind, step.automatic) for step in found.steps] == [
        ("issue", True), ("confirm", False), ("close", False),
    ]  # fmt: skip
    assert found.steps[0].signers == (address(RULE_RUN),)
    assert found.steps[2].signers == (address(OFFICER), address(REVIEWER))
    assert (found.included, found.outside) == (EVENTS, ())
    assert on_chain(found, desk.slice.gateway.call) == []


def changed(**places: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        for path, new in places.items():
            *way, last = [int(part) if part.isdecimal() else part for part in path.split("__")]
            at: Any = value
            for part in way:
                at = at[part]
            at[last] = new

    return change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (changed(warning__id="w2"), "warning id"),
        (changed(warning__salt="00" * 32), "warning id"),
        (changed(warning__town_code=500107002), "step 1: digest"),
        (changed(steps__0__grade=3), "step 1: digest"),
        (changed(steps__1__time=1), "step 2: digest"),
        (changed(steps__1__kind="lift"), "step 2: digest"),
        (changed(steps__1__officer=address(STRANGER)), "signature of the officer"),
        (changed(steps__2__reviewer=address(OFFICER)), "signature of the reviewer"),
        (changed(steps__0__automatic=False), "not possible after"),
        (changed(installation__contract=address(STRANGER)), "digest"),
        (changed(installation__log_origin="other.log"), "log origin"),
        (lambda value: value["steps"].pop(1), "step 2: digest"),
        (lambda value: value["events"].pop(0), "event 1: place"),
        (lambda value: value["events"][1].update(payload='{"grade":1}'), "event 2: payload"),
    ],
)
def test_whatever_is_changed_is_found(
    desk: Desk, change: Callable[[dict[str, Any]], None], what: str
) -> None:
    value = json.loads(proof(desk))
    change(value)
    with pytest.raises(WarningProofWrong) as caught:
        check(json.dumps(value).encode(), VKEY)
    assert what in caught.value.facts["what"]


def test_one_person_who_signs_twice_has_not_closed(desk: Desk) -> None:
    value = json.loads(proof(desk))
    step = value["steps"][2]
    step["reviewer"], step["reviewer_signature"] = step["officer"], step["officer_signature"]
    with pytest.raises(WarningProofWrong) as caught:
        check(json.dumps(value).encode(), VKEY)
    assert "one person" in caught.value.facts["what"]


def test_entries_elsewhere_in_the_log_or_of_another_log_are_refused(desk: Desk) -> None:
    value = json.loads(proof(desk))
    value["events"][0]["inclusion"]["log_index"] = 1
    with pytest.raises(ChainError) as caught:
        check(json.dumps(value).encode(), VKEY)
    assert caught.value.code == "proof.invalid"
    value = json.loads(proof(desk))
    size = next(iter(value["checkpoints"]))
    value["checkpoints"][size] = value["checkpoints"][size].replace("\n\n", "\nchanged\n\n")
    with pytest.raises(ChainError) as caught:
        check(json.dumps(value).encode(), VKEY)
    assert caught.value.code == "note.invalid"


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b'{"format":"concord-warning-proof/v1"}', b"{" * 2000, b'{"format":1.5}'],
)
def test_what_is_no_proof_is_said_so(data: bytes) -> None:
    with pytest.raises(WarningProofMalformed):
        check(data, VKEY)


def test_what_the_registry_holds_otherwise_is_named(desk: Desk) -> None:
    """A platform that signed a step of its own, never sent: the file holds together, the chain does not know it."""
    value = json.loads(proof(desk))
    step = value["steps"][2]
    statement = WarningStep(
        bytes.fromhex(value["warning"]["chain_id"]), 3, 5, 4, value["warning"]["town_code"],
        bytes.fromhex(step["input_hash"]), bytes.fromhex(step["rule_set_hash"]), bytes.fromhex(step["prev"]), 1,
    )  # fmt: skip
    made = digest(DOMAIN, statement)
    step["time"], step["digest"] = 1, made.hex()
    for role, key in (("officer", OFFICER), ("reviewer", REVIEWER)):
        step[f"{role}_signature"] = wallets.sign_digest(key, made).hex()
    found = check(json.dumps(value).encode(), VKEY)
    assert on_chain(found, desk.slice.gateway.call) == [3]


def test_the_rules_word_is_asked_of_the_registry(desk: Desk) -> None:
    value = json.loads(proof(desk))
    value["steps"] = value["steps"][:1]
    value["steps"][0]["automatic"] = False
    found = check(json.dumps(value).encode(), VKEY)
    assert found.status == "open"
    assert on_chain(found, desk.slice.gateway.call) == [1]


def test_unsigned_steps_and_uncovered_events_are_no_part_of_what_is_proven(desk: Desk) -> None:
    desk.take(Decided("w2", "issue", 2), Decided("w2", "raise", 3))
    with pytest.raises(DomainError, match=r"anchoring\.warning_unsigned"):
        proof(desk, "w2")
    desk.sign("w2", 1, OFFICER)
    service = desk.slice.service
    with service.uow() as session:
        service.recorder.record(session, EventDraft("warning/w2", "risk.W01/1", "o", "regulator", {}))
    found = check(proof(desk, "w2"), VKEY)
    assert ([step.kind for step in found.steps], found.included, found.outside) == (
        ["issue"], (), ("risk.W01/1",),
    )  # fmt: skip


# -- the command line


def run(*words: str, text: str | None = None) -> Any:
    return CliRunner().invoke(app, list(words), input=text)


def test_a_court_checks_with_the_command_line(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(proof(desk))
    done = run("verify", str(file), "--vkey", VKEY.encode(), "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["holds"], facts["status"], facts["registry_asked"]) == (True, "closed", False)
    spoken = run("verify", str(file), "--vkey", VKEY.encode())
    assert "未查询链上合约" in spoken.output
    file.write_bytes(file.read_bytes().replace(b'"kind":"confirm"', b'"kind":"lift"'))
    assert run("verify", str(file), "--vkey", VKEY.encode()).exit_code == 1
    file.write_text("{}")
    assert run("verify", str(file), "--vkey", VKEY.encode()).exit_code == 3
    assert run("verify", str(tmp_path / "none"), "--vkey", VKEY.encode()).exit_code == 3
    assert run("verify", str(file)).exit_code == 3


def test_a_key_file_signs_what_the_page_shows_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    desk.take(Decided("w2", "issue", 2))
    service = desk.slice.service
    with service.uow.read() as session:
        typed = service.warnings.typed_data(session, "w2", 1)
    statement, key = tmp_path / "statement.json", tmp_path / "key"
    statement.write_text(json.dumps(typed, ensure_ascii=False, indent=1), "utf-8")
    key.write_text("0x" + OFFICER.hex())
    done = run("sign", str(statement), "--key-file", str(key), "--yes")
    assert done.exit_code == 0, done.output
    with service.uow() as session:
        state = service.warnings.sign(
            session, holder(OFFICER), "w2", 1, bytes.fromhex(done.stdout.strip()[2:])
        )
    assert state.officer == address(OFFICER)
    keystore = tmp_path / "keystore.json"
    keystore.write_text(json.dumps(dict(wallets.encrypt_key(OFFICER, "correct horse battery").document)))
    same = run("sign", str(statement), "--key-file", str(keystore), "--yes", text="correct horse battery\n")
    assert same.stdout.strip().endswith(done.stdout.strip())
    wrong = run("sign", str(statement), "--key-file", str(keystore), "--yes", text="wrong horse battery\n")
    assert wrong.exit_code == 3
    assert run("sign", str(statement), "--key-file", str(key), text="n\n").exit_code == 3
    changes: list[dict[str, Any]] = [{"primaryType": "GrantAgent"}, {"types": {}}, {"message": {}}]
    for change in changes:
        statement.write_text(json.dumps(typed | change))
        refused = run("sign", str(statement), "--key-file", str(key), "--yes")
        assert (refused.exit_code, refused.stdout) == (3, "")


@pytest.fixture
def platform(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The command line on this installation."""
    service = desk.slice.service
    found = SimpleNamespace(anchoring=service, uow=service.uow, db=desk.slice.db, close=lambda: None)
    monkeypatch.setattr(container, "Container", lambda _settings: SimpleNamespace(wire=lambda: found))
    problems.register(TEXTS)
    return desk


def test_the_operator_sees_what_waits(platform: Desk) -> None:
    platform.take(Decided("w2", "issue", 2), Decided("w3", "issue", 4, automatic=True))
    done = run("waiting", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["waiting"], facts["for_rule_key"]) == (1, 1)
    assert [(step["warning"], step["kind"]) for step in facts["steps"]] == [("w2", "issue")]
    assert "w2 1 issue 2 1" in run("waiting").output


def test_the_operator_erases_with_a_reason(platform: Desk) -> None:
    platform.take(Decided("w2", "issue", 2))
    early = run("forget", "w2", "--reason", "个人信息保护法第四十七条")
    assert (early.exit_code, "上链" in early.output) == (1, True)
    assert run("forget", "w1", "--reason", " ").exit_code != 0
    done = run("forget", "w1", "--reason", "个人信息保护法第四十七条", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"warning": "w1", "events": 3}
    with platform.slice.db.read() as session:
        line = session.scalars(select(AuditRow).where(AuditRow.action == "anchoring.warning_erased")).one()
    assert (line.actor, line.object_id, line.purpose) == ("command-line", "w1", "个人信息保护法第四十七条")
