"""Rules of the outbox that need no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from api.anchoring.model import ActorRow, RoleEvent
from api.kernel.clock import SHANGHAI

SEVERITY_INTEGRITY = "integrity"
SEVERITY_WARNING = "warning"

DECIDERS = frozenset({"review_officer", "risk_analyst", "risk_director"})
"""Roles whose wallets decide about warnings."""

VOIDABLE = ("held", "pending", "parked")
"""States in which a registry call can still be taken back."""

LATEST = 253_402_300_799 - 86_400
"""A day before the end of the year 9999: a time on chain may be any 64-bit number, and zones need room."""

ROLE_METHODS = frozenset(
    {"registerOrganisation", "replaceRepresentative", "setSealKey", "grantAgent", "revokeAgent"}
)
"""Calls about who may act for an organisation. Officers of warnings have an order of their own (`service.warnings`)."""
REPRESENTATIVE_SCOPE = 7


def must_wait(
    new_role: bool, new_contract: str | None, earlier_role: bool, earlier_contract: str | None
) -> bool:
    """Whether a new call has to wait for an earlier unsettled one of the same organisation.

    The chain must see what took effect in that order: a call that changes who may act waits for everything that was
    done under the old rules, and everything later waits for it. Conclusions of different contracts pass each other.
    """
    if new_role or earlier_role:
        return True
    return new_contract is not None and new_contract == earlier_contract


def month_of(unix: int) -> str:
    """Signing month YYYY-MM in Asia/Shanghai."""
    return _month_of_hour(unix // 3600)


@lru_cache(maxsize=4096)
def _month_of_hour(hours: int) -> str:
    # The zone's offset is whole hours, so a month begins at a whole hour of UTC.
    return datetime.fromtimestamp(min(hours * 3600, LATEST), UTC).astimezone(SHANGHAI).strftime("%Y-%m")


def organisation_after(events: Iterable[RoleEvent]) -> Mapping[str, Any] | None:
    """An organisation as its events, in chain order, leave it; None before its registration."""
    state: dict[str, Any] | None = None
    for event in events:
        fields = event.fields
        if event.event == "OrganisationRegistered":
            state = {
                "region_code": str(fields["regionCode"]),
                "representative": fields["representative"],
                "seal_key_hash": fields["sealKeyHash"],
                "registrar": fields["registrar"],
                "nonce": fields["nonce"],
                "registered_block": event.block_number,
            }
        elif state is not None and "nonce" in fields:
            state["nonce"] = fields["nonce"]
            if event.event == "RepresentativeReplaced":
                state["representative"] = fields["representative"]
            elif event.event == "SealKeySet":
                state["seal_key_hash"] = fields["sealKeyHash"]
    return state


def actors_after(events: Iterable[RoleEvent]) -> list[ActorRow]:
    """Everybody who may or could act for an organisation, with the blocks between which he could."""
    open_: dict[tuple[str, str], ActorRow] = {}
    closed: list[ActorRow] = []

    def close(kind: str, wallet: str, block: int) -> None:
        row = open_.pop((kind, wallet), None)
        if row is not None:
            closed.append(ActorRow(row.wallet, row.kind, row.scope, row.valid_until, row.from_block, block))

    for event in events:
        fields, block = event.fields, event.block_number
        if event.event in {"OrganisationRegistered", "RepresentativeReplaced"}:
            if event.event == "RepresentativeReplaced":
                close("representative", fields["previous"], block)
            wallet = fields["representative"]
            open_["representative", wallet] = ActorRow(
                wallet, "representative", REPRESENTATIVE_SCOPE, None, block, None
            )
        elif event.event == "AgentGranted":
            close("agent", fields["agent"], block)
            open_["agent", fields["agent"]] = ActorRow(
                fields["agent"], "agent", fields["scope"], fields["validUntil"], block, None
            )
        elif event.event == "AgentRevoked":
            close("agent", fields["agent"], block)
    return sorted([*open_.values(), *closed], key=lambda row: (row.from_block, row.kind, row.wallet))


WITNESS_GRACE = timedelta(seconds=30)
"""A checkpoint that a witness has not cosigned after this time counts as a delay; asking takes about a second."""


def witness_state(
    *, conflicts: bool, troubled: bool, asked: bool, waiting_since: datetime | None, now: datetime
) -> str:
    """One word for a witness: `conflicting` (it and our log contradict each other), `down` (it does not answer usefully),
    `behind` (it lacks a checkpoint for longer than the grace), `unasked` (nothing to cosign yet), else `up`.
    """
    if conflicts:
        return "conflicting"
    if troubled:
        return "down"
    if waiting_since is not None and now - waiting_since > WITNESS_GRACE:
        return "behind"
    return "up" if asked else "unasked"


def witness_trouble(reason: str, refuses: bool) -> str:
    """What kind of trouble a witness's failure is: `refuses`, `slow`, `unreachable`, `failing` (HTTP error) or `unusable`.

    `reason` is that of `chain.witness_client.WitnessUnavailable`.
    """
    if refuses:
        return "refuses"
    kind = reason.partition(":")[0]
    if kind.endswith("Timeout"):
        return "slow"
    if kind.endswith("Error"):
        return "unreachable"
    return "failing" if kind.startswith("HTTP ") else "unusable"
