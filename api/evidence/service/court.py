"""The court user's desk: asks the court's own chain and nothing else.

By structure: it is made from settings alone and holds one connection, to the court's RPC. It has no session, no database
and no trust root, so what it says cannot come from this platform's records.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from api.kernel.errors import invalid, unavailable
from chain.errors import ChainError, GatewayUnavailable
from chain.judicial_check import CourtAnswer, CourtReader, QueryRefused, check_number, check_package
from chain.package import MAX_BYTES

AT_ONCE: Final = 2
"""Packages looked up at the same time: a crowd of uploads must not take the machine from those who sign."""
PATIENCE: Final = 10.0


@dataclass(frozen=True)
class CourtAddress:
    """Where the court's contract stands: what a person needs to ask it himself."""

    chain_id: int
    address: str


class CourtDesk:
    """Answers about evidence numbers and packages; `at` is None where no judicial chain is set up."""

    def __init__(
        self,
        at: Callable[[], CourtAddress | None],
        connect: Callable[[], AbstractContextManager[CourtReader]],
    ) -> None:
        self._at = at
        self._connect = connect
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def court(self) -> CourtAddress | None:
        """The court's chain and contract."""
        return self._at()

    def by_number(self, number: str) -> CourtAnswer:
        """What the court's chain says about an evidence number.

        Raises invalid `evidence.number_malformed`, unavailable `evidence.court_absent` or `evidence.court_unreachable`.
        """
        return self._ask(lambda reader, address: check_number(reader, address, number[:200]))

    def by_package(self, data: bytes) -> CourtAnswer:
        """What the court's chain says about a package's checkpoint and events; the bytes are not kept.

        Raises invalid for a file that can't be looked up, unavailable as `by_number` or when crowded.
        """
        if not data:
            raise invalid("evidence.file_missing")
        if len(data) > MAX_BYTES:
            raise invalid("evidence.file_too_large")
        if not self._places.acquire(timeout=PATIENCE):
            raise unavailable("evidence.busy")
        try:
            return self._ask(lambda reader, address: check_package(reader, address, data))
        finally:
            self._places.release()

    def _ask(self, question: Callable[[CourtReader, str], CourtAnswer]) -> CourtAnswer:
        at = self._at()
        if at is None:
            raise unavailable("evidence.court_absent")
        try:
            with self._connect() as reader:
                answer = question(reader, at.address)
        except QueryRefused as refused:
            malformed = refused.code == QueryRefused.default_code
            code = "evidence.number_malformed" if malformed else "evidence.package_unreadable"
            raise invalid(code, **refused.facts) from refused
        except GatewayUnavailable as exc:
            raise unavailable("evidence.court_unreachable") from exc
        except ChainError as exc:  # something else stands at that address, or another chain answers
            raise unavailable("evidence.court_contradicts") from exc
        if answer.chain_id != at.chain_id:
            raise unavailable("evidence.court_contradicts")
        return answer
