"""The kinds of failure a service may answer with. One file of infra maps them to RFC 9457 problem details."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    """What went wrong in terms of the domain; HTTP is known only to `api.infra.problems`."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    INTEGRITY = "integrity"


class DomainError(Exception):
    """A refusal that the caller can understand and act on.

    `code` names the case and has a Chinese and an English text in a slice's `texts.py`; `facts` fill the text's
    fields and are shown to the caller, so they never hold a person's name, number or phone.
    """

    def __init__(self, kind: ErrorKind | str, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.kind = ErrorKind(kind)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code} ({self.kind.value})" + (f" {self.facts}" if self.facts else "")


def invalid(code: str, **facts: Any) -> DomainError:
    """Input that breaks a rule of the domain (HTTP 422)."""
    return DomainError(ErrorKind.INVALID, code, **facts)


def forbidden(code: str, **facts: Any) -> DomainError:
    """The caller is known and may not do this (HTTP 403)."""
    return DomainError(ErrorKind.FORBIDDEN, code, **facts)


def not_found(code: str = "not_found", **facts: Any) -> DomainError:
    """Nothing of that name is visible to the caller (HTTP 404); also the answer to cross-tenant reads."""
    return DomainError(ErrorKind.NOT_FOUND, code, **facts)


def conflict(code: str, **facts: Any) -> DomainError:
    """The state of things forbids it now (HTTP 409)."""
    return DomainError(ErrorKind.CONFLICT, code, **facts)


def unavailable(code: str, **facts: Any) -> DomainError:
    """An outside service did not answer as it must; trying again may help (HTTP 503)."""
    return DomainError(ErrorKind.UNAVAILABLE, code, **facts)


def integrity(code: str, **facts: Any) -> DomainError:
    """Stored or anchored facts contradict each other: stops the work and is shown to the operator (HTTP 500)."""
    return DomainError(ErrorKind.INTEGRITY, code, **facts)
