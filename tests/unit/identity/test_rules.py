"""Passwords, logins, roles, masks, second factor: rules without I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher

from api.identity import rules
from api.identity.service.accounts import Passwords, _one_time_password, totp_step
from api.identity.service.sessions import csrf_of, token_hash
from api.identity.texts import TEXTS
from api.kernel.errors import DomainError
from signing.identity_service.errors import TEXTS as SERVICE

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short-A1",
        "alllowercaseletters",
        "Aa1Aa1Aa1Aa1",
        "my-Agent001-pass",
        "A1-" + "x" * 200,
        "aaaaaaaaaaaA1-",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(DomainError) as caught:
        rules.check_password(password, "agent001")
    assert caught.value.code == "identity.password_weak"


@pytest.mark.parametrize("password", ["Correct-horse-7-staple", "长口令-Abcdef-123", "tres Palabras 2026"])
def test_good_passwords_pass(password: str) -> None:
    rules.check_password(password, "agent001")


def test_one_time_passwords_pass_the_rule_and_never_repeat() -> None:
    made = {_one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        rules.check_password(password, "agent001")


@pytest.mark.parametrize("login", ["ab", "-abc", "a b c d", "张三张三", "a" * 41, "a@b.cn", "abc\n"])
def test_login_names_have_one_form(login: str) -> None:
    with pytest.raises(DomainError):
        rules.normal_login(login)


def test_login_names_compare_without_case() -> None:
    assert rules.normal_login(" Agent.One ") == "agent.one"


@pytest.mark.parametrize(
    ("roles", "kind", "fits"),
    [
        ({"agent"}, "employer", True),
        ({"agent", "representative"}, "employer", True),
        ({"operator"}, "employer", False),
        ({"worker"}, "staff", False),
        ({"operator", "review_officer"}, "staff", False),
        ({"operator", "auditor"}, "staff", False),
        ({"regulator"}, "staff", True),
    ],
)
def test_roles_fit_the_kind_and_duties_stay_apart(roles: set[str], kind: str, fits: bool) -> None:
    if fits:
        rules.check_roles(frozenset(roles), kind)
    else:
        with pytest.raises(DomainError):
            rules.check_roles(frozenset(roles), kind)


def test_masks_show_too_little_to_be_used() -> None:
    assert rules.masked_id_number("11010519491231002X") == "1******X"
    assert rules.masked_phone("13812345678") == "138****5678"
    assert rules.masked_name("欧阳示范") == "欧***"
    assert rules.masked_phone("123") == "****"


def test_a_totp_code_counts_for_its_step_and_the_neighbours_and_once() -> None:
    secret = pyotp.random_base32()
    step = int(NOW.timestamp()) // 30
    code = pyotp.TOTP(secret).at(step * 30)
    assert totp_step(secret, code, NOW, 0) == step
    assert totp_step(secret, code, NOW + timedelta(seconds=30), 0) == step
    assert totp_step(secret, code, NOW - timedelta(seconds=30), 0) == step
    assert totp_step(secret, code, NOW, step) is None
    assert totp_step(secret, code, NOW + timedelta(seconds=90), 0) is None
    assert totp_step(secret, "", NOW, 0) is None


def test_an_unknown_login_is_no_match_whatever_the_password() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    assert passwords.matches(passwords.hash("x"), "x")
    assert not passwords.matches(passwords.hash("x"), "y")
    assert not passwords.matches(None, "x")
    assert not passwords.matches("no hash at all", "x")


def test_tokens_are_stored_as_digests_and_csrf_tokens_tell_nothing_about_them() -> None:
    assert token_hash("a") != token_hash("b")
    assert csrf_of("a") != token_hash("a")
    assert "a" * 20 not in csrf_of("a" * 20)


def test_every_refusal_of_the_identity_service_has_both_texts_here() -> None:
    assert set(SERVICE) <= set(TEXTS)
    for zh, en in TEXTS.values():
        assert zh.strip()
        assert en.strip()
        assert any("\u4e00" <= c <= "\u9fff" for c in zh)


@pytest.mark.parametrize(
    "role", ["operator", "review_officer", "regulator", "court", "auditor", "agent", "worker"]
)
def test_every_role_has_a_home(role: str) -> None:
    assert rules.home_path(frozenset({role})) != "/"
