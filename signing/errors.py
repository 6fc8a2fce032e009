"""Errors of the signing package: each has a code, facts and a text for people (Chinese and English)."""

from __future__ import annotations

from signing.error_texts import TEXTS


class SigningError(Exception):
    """Something about signatures, certificates, tokens or sealed data is not as it must be.

    `code` is stable and machine readable; `zh` and `en` are sentences for people; `facts` fill their gaps.
    """

    def __init__(self, code: str, **facts: object) -> None:
        zh, en = TEXTS[code]
        self.code = code
        self.facts = facts
        shown = _Shown(facts)
        self.zh = zh.format_map(shown)
        self.en = en.format_map(shown)
        super().__init__(f"{self.zh} / {self.en} [{code}]")


class _Shown(dict[str, object]):
    """Format mapping that shows a fact nobody gave as a question mark instead of failing inside an error."""

    def __missing__(self, key: str) -> str:
        return "?"


class InputRefused(SigningError):
    """The bytes handed over are not of the expected form."""


class SignatureRefused(SigningError):
    """A signature, statement, certificate or token is well formed and does not fit what it should prove."""


class ServiceUnavailable(SigningError):
    """An outside service (CA, TSA, block store) did not answer, or answered nothing usable."""


class IntegrityError(SigningError):
    """Data that this installation wrote itself is not what it wrote: damage or tampering."""


class Locked(SigningError):
    """Somebody else holds what is needed: try again when his time is over."""
