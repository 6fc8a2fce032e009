"""Identity checks: three elements together, generic refusals, locks, levels, changes of number."""

from __future__ import annotations

import base64
import sqlite3

import pytest
from coincurve import PrivateKey

from signing.eip712 import Domain, IdentityCheck, digest, from_message
from signing.identity_service.checks import Claimed
from signing.identity_service.codes import tidy
from signing.identity_service.desk import DeskCheck
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.persons import Claim
from signing.wallets import address_of, recover, sign_digest

from .conftest import SESSION, Service, build, hex32

COMMITMENT, CONTRACT = "c0" * 32, "0c" * 32


def refused(code: str) -> pytest.RaisesExc[IdentityRefused]:
    return pytest.RaisesExc(IdentityRefused, check=lambda e: e.code == code)


def test_a_confirmed_check_is_signed_under_the_domain(service: Service) -> None:
    claim = service.persons[0]
    answer = service.confirmed(claim, contract=CONTRACT, commitment=COMMITMENT)
    assert (answer["level"], answer["factors"]) == (2, 3)
    statement = answer["statement"]
    assert isinstance(statement, dict)
    domain = Domain(
        "Concord TEST", 31_337_001, "0x00000000000000000000000000000000000c0de1", "test.concord.invalid/log"
    )
    value = digest(domain, from_message(IdentityCheck, statement["message"]))
    assert value.hex() == statement["digest"]
    assert recover(value, base64.b64decode(statement["signature"])) == service.desk.desk.issuer.address
    assert statement["message"]["commitment"] == "0x" + COMMITMENT


def test_confirming_again_with_the_same_code_gives_the_same_statement(service: Service) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    code = service.gateway.code(claim.phone)
    first = service.desk.checks.confirm(check, SESSION, code)
    service.clock.now += 5
    again = service.reopened().desk.checks.confirm(check, SESSION, code)
    assert again == first


@pytest.mark.parametrize("wrong", ["name", "id", "phone", "expected", "code"])
def test_every_wrong_element_looks_the_same(service: Service, wrong: str) -> None:
    right, other = service.persons[0], service.persons[1]
    claim = {
        "name": Claim("示别人", right.id_kind, right.id_number, right.phone),
        "id": Claim(right.name, right.id_kind, other.id_number, right.phone),
        "phone": Claim(right.name, right.id_kind, right.id_number, other.phone),
    }.get(wrong, right)
    claimed = Claimed("contract", SESSION, claim, COMMITMENT, CONTRACT, expected_match=wrong != "expected")
    started = service.desk.checks.start(claimed)
    assert set(started) == {"check_id", "phone_masked", "resend_after", "otp_expires_at", "attempts_left"}
    code = service.gateway.code(claim.phone)
    if wrong == "code":
        code = f"{(int(code) + 1) % 1_000_000:06d}"
    with refused("identity.not_confirmed") as caught:
        service.desk.checks.confirm(str(started["check_id"]), SESSION, code)
    assert caught.value.facts == {"attempts_left": 4}


def test_nobody_is_asked_about_a_person_who_is_not_the_contracts_worker(service: Service) -> None:
    service.start(service.persons[0], contract=CONTRACT, commitment=COMMITMENT, expected_match=False)
    assert service.provider.asked == 0


def test_five_failures_lock_the_contract_with_a_way_out_and_the_right_code_does_not_help(
    service: Service,
) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    right = service.gateway.code(claim.phone)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1):
        with refused("identity.not_confirmed") as caught:
            service.desk.checks.confirm(check, SESSION, wrong)
        assert caught.value.facts["attempts_left"] == left
    with refused("identity.locked") as locked:
        service.desk.checks.confirm(check, SESSION, wrong)
    assert locked.value.facts["way_out"] == ["hotline", "desk"]
    with refused("identity.locked"):
        service.desk.checks.confirm(check, SESSION, right)
    with refused("identity.locked"):
        service.reopened().start(claim, contract=CONTRACT, commitment=COMMITMENT)


def test_failures_count_over_several_checks_and_the_lock_ends(service: Service) -> None:
    claim = service.persons[0]
    for _ in range(5):
        check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
        with pytest.raises(IdentityRefused):
            service.desk.checks.confirm(check, SESSION, "x")
        service.clock.now += 60
    with refused("identity.locked"):
        service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    service.clock.now += 24 * 3600
    assert service.confirmed(claim, contract=CONTRACT, commitment=COMMITMENT)["level"] == 2


def test_a_text_three_minutes_late_works_and_a_code_dies_after_five(service: Service) -> None:
    claim = service.persons[0]
    late = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    code = service.gateway.code(claim.phone)
    service.clock.now += 180
    assert service.desk.checks.confirm(late, SESSION, code)["level"] == 2
    dead = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    code = service.gateway.code(claim.phone)
    service.clock.now += 301
    with refused("identity.not_confirmed"):
        service.desk.checks.confirm(dead, SESSION, code)


def test_a_resent_code_does_not_end_the_first_one(service: Service) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    with refused("identity.rate_limited") as caught:
        service.desk.checks.resend(check, SESSION)
    assert caught.value.facts == {"retry_after": 30}
    service.clock.now += 31
    service.desk.checks.resend(check, SESSION)
    first = service.gateway.code(claim.phone, back=1)
    assert service.desk.checks.confirm(check, SESSION, first)["level"] == 2


def test_a_number_gets_at_most_ten_texts_an_hour(service: Service) -> None:
    claim = service.persons[0]
    for _ in range(10):
        service.start(claim, contract=hex32(), commitment=COMMITMENT)
    with refused("identity.rate_limited") as caught:
        service.start(claim, contract=hex32(), commitment=COMMITMENT)
    assert caught.value.facts["retry_after"] == 3600
    assert service.provider.asked == 10, "a refused text must not cost a question to the provider"
    service.clock.now += 3601
    service.start(claim, contract=hex32(), commitment=COMMITMENT)


def test_provider_down_sends_nothing_and_says_so(service: Service) -> None:
    service.provider.down = True
    with refused("identity.provider_unavailable"):
        service.start(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)
    assert service.gateway.texts == []


def test_gateway_down_is_said_and_the_next_code_may_be_asked_at_once(service: Service) -> None:
    service.gateway.broken = "before"
    with refused("identity.sms_unavailable"):
        service.start(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)
    service.gateway.broken = ""
    assert service.confirmed(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)["level"] == 2


def test_a_code_whose_sending_was_reported_as_failed_but_arrived_counts(service: Service) -> None:
    claim = service.persons[0]
    service.gateway.broken = "after"
    with refused("identity.sms_unavailable"):
        service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    with service.desk.store.transaction() as tx:
        row = tx.one("SELECT id FROM checking")
    assert row is not None
    assert service.desk.checks.confirm(row["id"], SESSION, service.gateway.code(claim.phone))["level"] == 2


def test_another_session_cannot_confirm(service: Service) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    with refused("identity.session_mismatch"):
        service.desk.checks.confirm(check, "another-session-key", service.gateway.code(claim.phone))


@pytest.mark.parametrize("role", ["agent", "representative", "worker"])
def test_a_number_shared_with_an_employers_person_is_l1(service: Service, role: str) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT, shared_with=(role,))
    answer = service.desk.checks.confirm(check, SESSION, service.gateway.code(claim.phone))
    assert (answer["level"], answer["shared_phone"]) == (1, True)


def test_two_workers_with_one_number_are_l1_until_the_binding_is_recycled(service: Service) -> None:
    first, second = service.persons[0], service.persons[1]
    both = Claim(second.name, second.id_kind, second.id_number, first.phone)
    service.provider.claims[second.id_number] = both
    assert service.confirmed(first, contract=hex32(), commitment=COMMITMENT)["level"] == 2
    assert service.confirmed(both, contract=hex32(), commitment=COMMITMENT)["level"] == 1
    service.clock.now += 181 * 86400
    assert service.confirmed(both, contract=hex32(), commitment=COMMITMENT)["level"] == 2


def test_a_change_of_number_waits_72_hours_and_tells_the_old_number(service: Service) -> None:
    old = service.persons[0]
    assert service.confirmed(old, contract=hex32(), commitment=COMMITMENT)["level"] == 2
    new = Claim(old.name, old.id_kind, old.id_number, "14009999999")
    service.provider.claims[old.id_number] = new
    answer = service.confirmed(new, contract=hex32(), commitment=COMMITMENT)
    assert answer["level"] == 1
    assert answer["phone_usable_from"] == int(service.clock.now) + 72 * 3600
    assert service.desk.notices.flush() == 1
    notice = service.gateway.texts[-1]
    assert (notice[1], notice[3]) == (old.phone, "phone_change")
    assert "9999" in notice[2]
    service.clock.now += 72 * 3600 - 1
    assert service.confirmed(new, contract=hex32(), commitment=COMMITMENT)["level"] == 1
    service.clock.now += 2
    assert service.confirmed(new, contract=hex32(), commitment=COMMITMENT)["level"] == 2
    assert service.desk.notices.flush() == 0, "one change, one notice"


def test_an_objection_stops_a_change_of_number_for_good(service: Service) -> None:
    old = service.persons[0]
    person = service.confirmed(old, contract=hex32(), commitment=COMMITMENT)["person_ref"]
    new = Claim(old.name, old.id_kind, old.id_number, "14009999999")
    service.provider.claims[old.id_number] = new
    service.confirmed(new, contract=hex32(), commitment=COMMITMENT)
    change = service.desk.person(str(person))["phone_change"]
    service.desk.object_change(change["change_id"])
    service.clock.now += 100 * 3600
    assert service.confirmed(new, contract=hex32(), commitment=COMMITMENT)["level"] == 1


def test_login_trusts_its_own_record_for_180_days_and_then_asks_again(service: Service) -> None:
    claim = service.persons[0]
    service.confirmed(claim, contract=CONTRACT, commitment=COMMITMENT)

    def login() -> int:
        started = service.desk.checks.start(Claimed("login", SESSION, claim))
        code = service.gateway.code(claim.phone)
        answer = service.desk.checks.confirm(str(started["check_id"]), SESSION, code)
        assert answer["statement"] is None
        return int(answer["level"])

    assert (login(), service.provider.asked) == (2, 1)
    service.clock.now += 181 * 86400
    assert (login(), service.provider.asked) == (2, 2)


def test_a_desk_check_gives_l3_without_the_provider_and_lifts_the_lock(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    key = bytes(range(1, 33))
    service = build(tmp_path_factory.mktemp("desk"), officers=(address_of(key),))
    claim = service.persons[0]
    typed = service.desk.desk_checks.message(claim)
    message = typed["message"]
    value = digest(service.desk.desk.issuer.domain, from_message(DeskCheck, message))
    stranger = PrivateKey(b"\x07" * 32).secret
    with refused("identity.officer_unknown"):
        service.desk.desk_checks.record(
            claim, message["time"], bytes.fromhex(message["nonce"][2:]), sign_digest(stranger, value)
        )
    recorded = service.desk.desk_checks.record(
        claim, message["time"], bytes.fromhex(message["nonce"][2:]), sign_digest(key, value)
    )
    service.provider.down = True
    answer = service.confirmed(claim, contract=CONTRACT, commitment=COMMITMENT)
    assert (answer["level"], answer["factors"]) == (3, 2 | 8)
    assert answer["person_ref"] == recorded["person_ref"]
    other = Claim(claim.name, claim.id_kind, claim.id_number, service.persons[1].phone)
    with refused("identity.officer_unknown"):
        service.desk.desk_checks.record(
            other, message["time"], bytes.fromhex(message["nonce"][2:]), sign_digest(key, value)
        )
    service.clock.now += 31 * 86400
    with refused("identity.provider_unavailable"):
        service.start(claim, contract=hex32(), commitment=COMMITMENT)


def test_a_disputed_check_confirms_nothing(service: Service) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    service.desk.checks.dispute(check, "not_me")
    with refused("identity.disputed"):
        service.desk.checks.confirm(check, SESSION, service.gateway.code(claim.phone))


def test_a_notice_is_retried_with_the_same_message_id_after_a_restart(service: Service) -> None:
    with service.desk.store.transaction() as tx:
        service.desk.notices.queue(tx, service.desk.desk.seal.seal("14000000001"), "通知", "test")
    service.gateway.broken = "after"
    assert service.desk.notices.flush() == 0
    service.gateway.broken = ""
    service.clock.now += 10
    again = service.reopened()
    assert again.desk.notices.flush() == 1
    assert len([t for t in service.gateway.texts if t[3] == "test"]) == 1


def test_the_store_holds_neither_names_nor_numbers_nor_codes_in_clear(service: Service) -> None:
    claim = service.persons[0]
    service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    code = service.gateway.code(claim.phone)
    path = service.desk.settings.data_dir / "identity.db"
    service.desk.store.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    stored = path.read_bytes()
    for secret in (claim.name, claim.id_number, claim.phone):
        assert secret.encode() not in stored
    assert f"'{code}'".encode() not in stored
    service.desk.store = build(service.desk.settings.data_dir / "other").desk.store


def test_a_forgotten_person_is_off_the_disk_or_the_caller_is_told_to_ask_again(service: Service) -> None:
    claim = service.persons[0]
    service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    with service.desk.store.transaction() as tx:
        ref = tx.all("SELECT person_ref FROM checking")[0]["person_ref"]
    folder = service.desk.settings.data_dir

    def found() -> bool:
        return any(ref.encode() in path.read_bytes() for path in folder.glob("identity.db*"))

    assert found()
    reader = sqlite3.connect(folder / "identity.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM person").fetchone()
    with pytest.raises(IdentityRefused, match="still on the disk"):
        service.desk.forget(ref)
    assert found()
    reader.close()
    service.desk.forget(ref)
    assert not found()


def test_tidying_drops_old_counters_and_codes_and_keeps_what_limits_still_need(service: Service) -> None:
    claim = service.persons[0]
    check = service.start(claim, contract=CONTRACT, commitment=COMMITMENT)
    with pytest.raises(IdentityRefused):
        service.desk.checks.confirm(check, SESSION, "x")
    tables = ("code", "sending", "failure")

    def sizes() -> list[int]:
        with service.desk.store.transaction() as tx:
            tidy(tx, int(service.clock.now))
            return [tx.number(f"SELECT COUNT(*) FROM {table}") for table in tables]

    assert sizes() == [1, 1, 2], "a wrong code counts for the contract and for the person"
    service.clock.now += 3 * 86400
    assert sizes() == [0, 0, 0]


def test_an_agent_who_is_a_worker_too_reaches_his_own_contracts_but_signs_only_after_the_desk(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    key = bytes(range(1, 33))
    service = build(tmp_path_factory.mktemp("desk"), officers=(address_of(key),))
    claim = service.persons[0]

    def login() -> int:
        started = service.desk.checks.start(Claimed("login", SESSION, claim, shared_with=("agent",)))
        code = service.gateway.code(claim.phone)
        return int(service.desk.checks.confirm(str(started["check_id"]), SESSION, code)["level"])

    def sign() -> int:
        check = service.start(claim, contract=hex32(), commitment=COMMITMENT, shared_with=("agent",))
        return int(service.desk.checks.confirm(check, SESSION, service.gateway.code(claim.phone))["level"])

    assert (login(), sign()) == (1, 1)
    message = service.desk.desk_checks.message(claim)["message"]
    value = digest(service.desk.desk.issuer.domain, from_message(DeskCheck, message))
    nonce = bytes.fromhex(message["nonce"][2:])
    service.desk.desk_checks.record(claim, message["time"], nonce, sign_digest(key, value))
    assert sign() == 3
    service.clock.now += 31 * 86400
    assert (login(), sign()) == (2, 1)
