"""Starts the identity service and the TEST services as the programs they are, for tests over the wire."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from signing.eip712 import Domain
from signing.identity_service.client import IdentityServiceClient
from signing.identity_service.settings import secret_file

REPOSITORY = Path(__file__).parents[2]
LOG_ORIGIN = "test.concord.invalid/log"
ORIGIN = "http://localhost:8080"
DOMAIN = Domain("Concord TEST", 31_337_001, "0x00000000000000000000000000000000000c0de1", LOG_ORIGIN)


@dataclass
class Program:
    """One running program: stop it by its own process id only."""

    name: str
    command: list[str]
    url: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start and wait for the ready line."""
        environment = dict(os.environ, PYTHONPATH=str(REPOSITORY))
        self.process = subprocess.Popen(
            self.command,
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()} before it was ready")
        self.facts = json.loads(line)
        self.url = self.facts["url"]
        if "--port" in self.command:
            # A later start takes the same port, as in an installation.
            self.command[self.command.index("--port") + 1] = str(self.facts["port"])
        return self

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        code = self.process.wait(timeout=15)
        self.process = None
        return code

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=15)
            self.process = None

    def fault(self, mode: str, **numbers: int) -> None:
        """Switch a fault on (TEST services)."""
        httpx.post(
            f"{self.url}/test/faults", json={"mode": mode, **numbers}, trust_env=False
        ).raise_for_status()


def program(name: str, module: str, *arguments: str | Path) -> Program:
    """A program that is not started yet."""
    return Program(name, [sys.executable, "-m", module, "--port", "0", *map(str, arguments)])


class Authorities:
    """Identity provider, SMS gateway, identity service, CA and two TSAs of one TEST installation."""

    def __init__(
        self,
        folder: Path,
        *,
        officers: tuple[str, ...] = (),
        with_pki: bool = True,
        origin: str = ORIGIN,
        **limits: int,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.token_file = folder / "token"
        domain_file = folder / "domain.json"
        domain_file.write_text(json.dumps(DOMAIN.typed()), encoding="utf-8")
        shared = ("--token-file", self.token_file)
        self.idp = program(
            "idp", "signing.testing.idp", "--data", folder / "idp", *shared, "--persons", "60"
        ).start()
        self.sms = program("sms", "signing.testing.sms", "--data", folder / "sms", *shared).start()
        options: list[str | Path] = []
        for name, value in (
            {"otp_resend_seconds": 0, "otp_per_phone_hour": 1000, "otp_per_phone_day": 1000} | limits
        ).items():
            options += ["--" + name.replace("_", "-"), str(value)]
        for officer in officers:
            options += ["--officer", officer]
        self.identity = program(
            "identity",
            "signing.identity_service",
            *("--data", folder / "identity", *shared, "--domain", domain_file),
            *("--log-origin", LOG_ORIGIN, "--public-origin", origin),
            *("--provider-url", self.idp.url, "--provider-token-file", self.token_file),
            *("--sms-url", self.sms.url, "--sms-token-file", self.token_file),
            *options,
        ).start()
        self.issuer = str(self.identity.facts["issuer"])
        self.programs = [self.idp, self.sms, self.identity]
        if with_pki:
            self.ca = program(
                "ca",
                "signing.testing.ca",
                *("--data", folder / "ca", *shared, "--issuer", self.issuer, "--domain", domain_file),
            ).start()
            self.tsas = [
                program(
                    f"tsa-{name}", "signing.testing.tsa", "--data", folder / f"tsa-{name}", "--name", name
                ).start()
                for name in ("one", "two")
            ]
            self.programs += [self.ca, *self.tsas]

    @property
    def token(self) -> str:
        """The shared bearer credential of this test installation."""
        return secret_file(self.token_file)

    @property
    def headers(self) -> dict[str, str]:
        """Bearer header."""
        return {"authorization": f"Bearer {self.token}"}

    def client(self) -> IdentityServiceClient:
        """A client of the identity service."""
        return IdentityServiceClient(self.identity.url, self.token)

    def persons(self, limit: int = 60) -> list[dict[str, Any]]:
        """Generated persons."""
        answer = httpx.get(f"{self.idp.url}/demo/persons", params={"limit": limit}, trust_env=False)
        return list(answer.json())

    def texts(self, phone: str) -> list[str]:
        """Texts delivered to a number, newest first."""
        return [m["text"] for m in httpx.get(f"{self.sms.url}/inbox/{phone}", trust_env=False).json()]

    def code(self, phone: str) -> str:
        """The code in the newest text to a number."""
        found = re.search(r"验证码(\d{6})", self.texts(phone)[0])
        assert found is not None
        return found[1]

    def stop(self) -> None:
        """Stop all programs."""
        for one in reversed(self.programs):
            one.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def hex32() -> str:
    """A random digest as 64 hex characters."""
    return secrets.token_hex(32)


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
