"""Who may have a contract's evidence, and what it must hold (guideline arts 12, 13, 19; DESIGN §3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.evidence.model import Contract, Disclosure, Entitlement, PaperCopy, Requester

CONCLUDED: Final = frozenset(
    {"EFFECTIVE", "DISPUTED", "AMENDED", "RENEWED", "SUSPENDED", "ENDED", "RETAINED"}
)
"""States in which both parties have signed and the document timestamp is there."""
LAST_MANDATORY: Final = "econtract.E11/1"
CASE_NO_LONGEST: Final = 80
PURPOSE_SHORTEST: Final = 4
PURPOSE_LONGEST: Final = 400


def entitlement(who: Requester, contract: Contract) -> Entitlement | None:
    """In which capacity `who` may have the contract's evidence; None: for him it does not exist.

    The worker keeps his right for ever, also after he left; an employer's right is its organisation's.
    """
    if who.kind == "worker":
        own = who.person_id is not None and who.person_id == contract.worker_person_id
        return Entitlement.WORKER if own else None
    if "court" in who.roles:
        return Entitlement.COURT
    if "regulator" in who.roles:
        return Entitlement.REGULATOR
    employers = who.roles & {"representative", "agent"} or who.kind == "machine"
    if employers and who.org_id is not None and who.org_id == contract.org_id:
        return Entitlement.EMPLOYER
    return None


def needs_ground(role: Entitlement) -> bool:
    """Authorities read personal data on a case number and a purpose only."""
    return role in (Entitlement.COURT, Entitlement.REGULATOR)


def ground_is_sufficient(ground: Disclosure | None) -> bool:
    """Whether case number and purpose are really given."""
    return (
        ground is not None
        and 1 <= len(ground.case_no.strip()) <= CASE_NO_LONGEST
        and PURPOSE_SHORTEST <= len(ground.purpose.strip()) <= PURPOSE_LONGEST
    )


def leaves_a_trace_in_the_stream(role: Entitlement) -> bool:
    """The parties' own downloads are events (E15). An authority's are not: the stream is in the employer's package,
    and who complained must stay hidden from him; the worker is told, and the audit record holds everything."""
    return role in (Entitlement.WORKER, Entitlement.EMPLOYER)


def covered(anchors: Iterable[int | None]) -> int:
    """How many events from the stream's start are in the log: later ones wait for the next package."""
    count = 0
    for index in anchors:
        if index is None:
            break
        count += 1
    return count


def lengths_to_try(count: int, least: int, steps: int = 8) -> list[int]:
    """How much of a stream to put under a checkpoint: all that is anchored, then a little less, at last the least.

    The newest events (somebody has just downloaded something) wait for a checkpoint for some seconds.
    """
    return list(dict.fromkeys([*range(count, max(count - steps, least) - 1, -1), least]))


def citations(payload: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    """Stream and number of each event that a payload cites."""
    found = (payload or {}).get("cites", ())
    return [(str(cite["stream"]), int(cite["seq"])) for cite in found]


def copy_is_free(earlier: Iterable[PaperCopy], holder: str) -> bool:
    """The first paper copy of each holder is free, always (guideline art. 13); here further ones are free as well.

    The platform has no payment path at all, so no copy can ever be refused for money.
    """
    del earlier, holder
    return True
