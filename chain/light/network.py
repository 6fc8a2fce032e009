"""A network's validators as sources of light proofs: one that is away is passed over, one that lies is found out.

A proof is made from one validator's answers at a time, so that parts of different ones are never mixed, and what
does not hold is asked for at the next one. Only what a person publishes, a header for the trust root, is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chain.errors import GatewayUnavailable, ProofInvalid, RpcRefused
from chain.light.maker import chain_name, newest_height, trusted_header
from chain.light.rpc import CometRpc, CometSource
from chain.light.trail import Trail

if TYPE_CHECKING:
    from chain.trust_root import ValidatorNetwork

T = TypeVar("T")
NANO: Final = 10**9
SLACK: Final = 60
"""Seconds that clocks may differ by (evidence-spec, 5.4, 9)."""


@dataclass(frozen=True)
class Contradiction:
    """What one validator said that does not hold."""

    validator: str
    reason: str


class TooFewAsked(Exception):
    """So few validators can be asked (`named`, instead of `needed`) that all of them may be dishonest."""

    def __init__(self, named: int, needed: int) -> None:
        super().__init__(f"{named} of the validators can be asked, {needed} are needed")
        self.named = named
        self.needed = needed


class LightNetwork:
    """`sources`: validators whose CometBFT RPC is known, by name. `size`: how many validators there are in all."""

    def __init__(self, sources: Mapping[str, CometSource], size: int) -> None:
        if not sources:
            raise ValueError("a network has at least one address")
        self._sources = dict(sources)
        self._order = list(sources)
        self._size = size

    @classmethod
    def over(cls, addresses: Mapping[str, str], size: int, *, timeout: float = 10.0) -> LightNetwork:
        """The validators' own CometBFT RPC, by name. `timeout`: seconds that one answer may take."""
        return cls({name: CometRpc([url], timeout=timeout) for name, url in addresses.items()}, size)

    def close(self) -> None:
        """Close the connections."""
        for source in self._sources.values():
            if isinstance(source, CometRpc):
                source.close()

    def first(self, make: Callable[[CometSource], T]) -> tuple[T, list[Contradiction]]:
        """What `make` makes of the first validator from whose answers it can, and who contradicted itself before.

        Raises ProofInvalid when every one of them contradicts itself or us, GatewayUnavailable when none could be
        judged to the end and somebody did not answer, or does not have the block yet.
        """
        wrong: list[Contradiction] = []
        reason = ""
        for name in list(self._order):
            try:
                return self._ask(name, make), wrong
            except ProofInvalid as error:
                wrong.append(Contradiction(name, str(error.facts["reason"])))
            except GatewayUnavailable as error:
                reason = str(error.facts["reason"])
            self._order = [*(other for other in self._order if other != name), name]
        if len(wrong) == len(self._sources):
            raise ProofInvalid("; ".join(f"{item.validator}: {item.reason}" for item in wrong)[:400])
        raise GatewayUnavailable(reason)

    def _ask(self, name: str, make: Callable[[CometSource], T]) -> T:
        """What is made of one validator's answers; a refusal or another form than CometBFT's counts as no answer.

        Raises GatewayUnavailable that names the validator, ProofInvalid.
        """
        try:
            return make(self._sources[name])
        except (GatewayUnavailable, RpcRefused) as error:
            said = error.message if isinstance(error, RpcRefused) else error.facts["reason"]
            raise GatewayUnavailable(f"{name}: {said}"[:200], code=error.code) from error
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
            reason = f"{name}: {type(error).__name__}"
            raise GatewayUnavailable(reason, code="gateway.answer_malformed") from error

    def agreed_header(self) -> tuple[str, dict[str, Any]]:
        """The chain's name, and a header for a trust root of the newest block that all validators have.

        Every validator is asked. Raises TooFewAsked unless they are more than a third of all, so that one honest one is
        among them; ProofInvalid when they differ; GatewayUnavailable when one of them does not answer.
        """
        if 3 * len(self._sources) <= self._size:
            raise TooFewAsked(len(self._sources), self._size // 3 + 1)
        height = max(1, min(self._ask(name, newest_height) for name in self._sources) - 1)
        found = {name: self._ask(name, partial(_named_header, height=height)) for name in self._sources}
        first = next(iter(found.values()))
        if any(other != first for other in found.values()):
            said = ", ".join(
                f"{name} {header['hash'][:16]} ({chain})" for name, (chain, header) in found.items()
            )
            raise ProofInvalid(f"the validators name different headers at height {height}: {said}")
        return first


def _named_header(source: CometSource, height: int) -> tuple[str, dict[str, Any]]:
    return chain_name(source), trusted_header(source, height)


def start_below(trusted: ValidatorNetwork, height: int) -> int | None:
    """Height of the newest header of the trust root that a proof at `height` can start from, None without one."""
    return max((known for known in trusted.headers if known <= height), default=None)


def period_left(light: Mapping[str, Any], trusting_period: int, at: datetime) -> float:
    """Seconds from `at` to the end of the trusting period of the trail's start; 0 or less: it is over."""
    return Trail.of(light).start.nanoseconds / NANO + trusting_period - at.astimezone(UTC).timestamp()


def is_ahead(light: Mapping[str, Any], at: datetime) -> bool:
    """Whether the last block claims to be of after `at`, by more than clocks may differ."""
    return Trail.of(light).end.nanoseconds >= (int(at.astimezone(UTC).timestamp()) + SLACK) * NANO
