"""What a decision about a review needs and what it changes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from api.exchange.matching.model import Batch, Candidate, Kind, LinkChanged, Outcome, Review, State
from api.kernel.errors import conflict, invalid

MOST_CANDIDATES = 10
"""The best ones are offered; more help nobody."""
LONGEST_REASON = 300


def fingerprint(code: str, name_key: str, address_key: str) -> str:
    """SHA-256 over the three keys of an identity: one row of the queue for each."""
    return hashlib.sha256("\x1f".join((code, name_key, address_key)).encode()).hexdigest()


def best(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The best candidates, best first, at most ten."""
    return sorted(candidates, key=lambda c: (-c.score_bp, c.enterprise))[:MOST_CANDIDATES]


def proposed(kind: Kind, candidates: Sequence[Candidate]) -> int | None:
    """What the cascade links the rows to while nobody has decided: the best candidate of a probable link."""
    return candidates[0].enterprise if kind is Kind.PROBABLE and candidates else None


def check_reason(reason: str) -> str:
    """The reason without outer spaces. Raises invalid where it is empty or too long."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise invalid("exchange.review_reason_missing", pointer="/reason")
    return reason


def check_version(review: Review, version: int) -> None:
    """Refuse what was decided on an older state of the review."""
    if review.version != version:
        raise conflict("exchange.review_changed", version=review.version)


def check_decision(review: Review, outcome: Outcome, enterprise: int | None, known: bool) -> None:
    """Refuse a decision that cannot be meant. `known`: whether the register has the enterprise.

    Raises conflict where the review is decided already, invalid where the enterprise is missing, unknown or not wanted.
    """
    if review.state is not State.OPEN:
        raise conflict("exchange.review_decided")
    if outcome is not Outcome.LINK:
        if enterprise is not None:
            raise invalid("exchange.review_enterprise_not_wanted", pointer="/enterprise")
        return
    if enterprise is None:
        raise invalid("exchange.review_enterprise_missing", pointer="/enterprise")
    if not known:
        raise invalid("exchange.review_enterprise_unknown", pointer="/enterprise")


def linked(review: Review) -> tuple[int | None, bool]:
    """Which enterprise the rows of a review stand under now, and whether that is only probable."""
    if review.state is State.DECIDED:
        return (review.enterprise if review.outcome is Outcome.LINK else None), False
    return review.proposed, review.proposed is not None


def change(before: Review, after: Review, batches: Sequence[Batch]) -> LinkChanged:
    """What a decision or its undoing did to the rows."""
    was, probable_before = linked(before)
    now, probable_after = linked(after)
    return LinkChanged(before.review_id, was, now, probable_before, probable_after, tuple(batches))
