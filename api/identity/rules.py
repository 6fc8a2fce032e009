"""Rules of the slice without I/O: passwords, logins, masks, session times (MLPS level 3: GB/T 22239-2019)."""

from __future__ import annotations

import re
from datetime import timedelta

from api.identity.model import EMPLOYER_ROLES, STAFF_ROLES
from api.kernel.errors import invalid

PASSWORD_LEAST = 12
PASSWORD_MOST = 128
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{3,39}\Z")

FAILURES_TO_LOCK = 5
LOCK = timedelta(minutes=15)
ONE_TIME_PASSWORD_LIFE = timedelta(days=7)
PENDING_LIFE = timedelta(minutes=10)
"""How long the step between password and second factor may take."""
STAFF_IDLE = timedelta(minutes=30)
STAFF_LIFE = timedelta(hours=12)
SIGNING_LIFE = timedelta(minutes=60)
PORTAL_IDLE = timedelta(minutes=30)
PORTAL_LIFE = timedelta(hours=8)
SEEN_STEP = timedelta(minutes=1)
"""A session's last use is written at most once in this time: reading a page must not cost a write."""
MACHINE_LIFE = timedelta(days=365)
PRIVACY_VERSION = "2026-11"
"""Version of the privacy notice that stands before the first field."""


def normal_login(login: str) -> str:
    """A login name in lower case; raises invalid `identity.login_form`."""
    text = login.strip().lower()
    if not LOGIN.match(text):
        raise invalid("identity.login_form", pointer="/login")
    return text


def check_password(password: str, login: str) -> None:
    """At least 12 characters, of three kinds, not the login, no run of one character; raises invalid."""
    kinds = [
        any(c.islower() for c in password),
        any(c.isupper() for c in password),
        any(c.isdigit() for c in password),
        any(not c.isalnum() for c in password),
    ]
    weak = sum(kinds) < 3 or len(set(password)) < 6 or login in password.lower()
    if weak or not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise invalid("identity.password_weak", pointer="/new_password", least=PASSWORD_LEAST)


def check_roles(roles: frozenset[str], kind: str) -> None:
    """Roles fit the kind of account; operator and auditor are never one person (separation of duties)."""
    allowed = STAFF_ROLES if kind == "staff" else EMPLOYER_ROLES
    if not roles or not roles <= allowed:
        raise invalid("identity.roles_refused", pointer="/roles")
    if {"operator", "auditor"} <= roles or {"operator", "review_officer"} <= roles:
        raise invalid("identity.roles_separated", pointer="/roles")


def masked_id_number(number: str) -> str:
    """First and last characters of a document number only; the stars hide its length."""
    return f"{number[0]}******{number[-1]}" if len(number) > 4 else "******"


def masked_phone(phone: str) -> str:
    """``138****5678``."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def masked_name(name: str) -> str:
    """The first character and stars."""
    return name[:1] + "*" * max(1, len(name) - 1)


def home_path(roles: frozenset[str]) -> str:
    """Where somebody with these roles starts."""
    for role, path in (
        ("operator", "/operator"),
        ("review_officer", "/review"),
        ("representative", "/employer"),
        ("agent", "/agent/contracts"),
        ("regulator", "/supervision"),
        ("court", "/verify"),
        ("risk_director", "/risk"),
        ("risk_analyst", "/risk"),
        ("street_officer", "/disposal"),
        ("auditor", "/supervision"),
        ("worker", "/me"),
    ):
        if role in roles:
            return path
    return "/"
