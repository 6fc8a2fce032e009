"""People of a TEST installation: demo persons of the TEST provider, their messages, their logins with a second factor."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp

from scripts.journey.client import ApiClient, Refused

PAGE = 100
CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
LINK = re.compile(r"https?://\S+/s/([0-9A-Za-z_-]+)")


@dataclass(frozen=True)
class Person:
    """A generated person whom only the TEST provider knows."""

    name: str
    id_number: str
    phone: str


@dataclass
class Login:
    """Name, password and second factor of an account."""

    login: str
    password: str
    totp_secret: str

    @classmethod
    def from_new_account(cls, account: dict[str, str], password: str) -> Login:
        """The account as it will be after its first login."""
        secret = parse_qs(urlsplit(account["totp_uri"]).query)["secret"][0]
        return cls(account["login"], password, secret)

    def code(self) -> str:
        """The present TOTP code."""
        return pyotp.TOTP(self.totp_secret).now()


class Town:
    """Access to the TEST provider's persons and the TEST gateway's inbox (loopback only)."""

    def __init__(self, idp_url: str, sms_url: str) -> None:
        self._idp = httpx.Client(base_url=idp_url, timeout=10)
        self._sms = httpx.Client(base_url=sms_url, timeout=10)
        self._workers: list[Person] = []

    def person(self, number: int) -> Person:
        """The person of working age (born 1980 to 2005) with this number, always the same; from 0 on."""
        if not self._workers:
            self._workers = [person for person, born in self._everybody() if 1980 <= born <= 2005]
        if number >= len(self._workers):
            raise LookupError(
                f"all {len(self._workers)} persons of working age whom the TEST provider knows have had a part: "
                "begin with a new installation (concord up --data)"
            )
        return self._workers[number]

    def _everybody(self) -> Iterator[tuple[Person, int]]:
        for first in itertools.count(0, PAGE):
            answer = self._idp.get("/demo/persons", params={"offset": first, "limit": PAGE})
            answer.raise_for_status()
            rows = answer.json()
            for row in rows:
                yield Person(row["name"], row["id_number"], row["phone"]), int(str(row["birth"])[:4])
            if len(rows) < PAGE:
                return

    def messages(self, phone: str) -> list[str]:
        """Texts sent to `phone`, newest first."""
        try:
            answer = self._sms.get(f"/inbox/{phone}")
        except httpx.TransportError:  # the gateway is down for a moment: nothing has arrived yet
            return []
        return [row["text"] for row in answer.json()] if answer.status_code == 200 else []

    def wait(self, phone: str, pattern: re.Pattern[str], seen: int = 0, seconds: float = 30.0) -> str:
        """First match of `pattern` in a message newer than the `seen` oldest ones; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            texts = self.messages(phone)
            for text in texts[: max(0, len(texts) - seen)]:
                found = pattern.search(text)
                if found:
                    return found.group(1)
            time.sleep(0.1)
        raise TimeoutError(f"no message matching {pattern.pattern} arrived within {seconds:.0f} s")


Connect = Callable[[], ApiClient]


def first_login(connect: Connect, account: dict[str, str], password: str) -> tuple[ApiClient, Login]:
    """Log in with the one-time password and choose `password`."""
    login = Login.from_new_account(account, password)
    client = connect()
    body = {
        "login": login.login,
        "password": account["one_time_password"],
        "totp": login.code(),
        "new_password": password,
    }
    client.csrf = client.post("/identity/login", body)["csrf_token"]
    return client, login


def log_in(connect: Connect, login: Login) -> ApiClient:
    """Log in again, with the next period's code where the present one was used already."""
    client = connect()
    codes = (login.code(), pyotp.TOTP(login.totp_secret).at(int(time.time()) + 30))
    for number, code in enumerate(codes):
        try:
            body = {"login": login.login, "password": login.password, "totp": code}
            client.csrf = client.post("/identity/login", body)["csrf_token"]
            break
        except Refused:
            if number:
                raise
    return client
