"""What follows from the events of proposals, cursors, and CSV that no spreadsheet executes. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from api.governance.model import Approval, Decision, OpenProposal, Recorded, Subject
from api.kernel.errors import invalid

EXPORT_LIMIT = 50_000
PERMISSIONS = (1, 2, 4, 8)
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def subject_of(fields: Mapping[str, Any], names: Mapping[str, str]) -> Subject:
    """What a proposal is about, with the name of the member or of the one that is to come in."""
    account = str(fields["account"])
    label = str(fields["label"])
    name = label if fields["action"] == "add_member" else names.get(account, "")
    return Subject(str(fields["action"]), account, name, str(fields["key"]), int(fields["value"]), label)


def by_proposal(events: Iterable[Recorded]) -> dict[int, list[Recorded]]:
    """Events of proposals by the proposal's number, in chain order."""
    found: dict[int, list[Recorded]] = {}
    for event in events:
        if event.proposal is not None:
            found.setdefault(event.proposal, []).append(event)
    return found


def approvals_of(
    events: Iterable[Recorded], names: Mapping[str, str], members: Collection[str] | None = None
) -> list[Approval]:
    """Who approved, by one proposal's events; where `members` are named, only theirs count."""
    return [
        Approval(
            operator=event.fields["by"],
            name=names.get(event.fields["by"], ""),
            counts=members is None or event.fields["by"] in members,
            block=event.block_number,
            transaction=event.transaction,
            at=event.at,
        )
        for event in events
        if event.name == "Approved"
    ]


def open_proposal(
    ballot: Any, quorum: int, members: Mapping[str, str], events: Sequence[Recorded], names: Mapping[str, str]
) -> OpenProposal:
    """A ballot of the contract with its voters from its events. `members`: names of the present ones by operator."""
    known = {**names, **members}
    voters = approvals_of(events, known, members)
    voted = {voter.operator for voter in voters if voter.counts}
    fields = {name: getattr(ballot, name) for name in ("action", "account", "key", "value", "label")}
    return OpenProposal(
        id=ballot.id,
        subject=subject_of(fields, known),
        approvals=ballot.approvals,
        missing=max(0, quorum - ballot.approvals),
        expires=datetime.fromtimestamp(ballot.expires, UTC),
        voters=voters,
        waiting=[name or operator for operator, name in members.items() if operator not in voted],
        incomplete=len(voted) != ballot.approvals,
        command=f"concord network approve {ballot.id} --operator DIR",
    )


def decision(proposed: Recorded, events: Sequence[Recorded], names: Mapping[str, str]) -> Decision:
    """A proposal that is over, by its own event and all of its events."""
    done = next((event for event in events if event.name == "Executed"), None)
    expired = datetime.fromtimestamp(int(proposed.fields["expires"]), UTC)
    by = str(proposed.fields["by"])
    return Decision(
        id=int(proposed.fields["id"]),
        subject=subject_of(proposed.fields, names),
        proposed_by=names.get(by) or by,
        proposed_at=proposed.at,
        voters=approvals_of(events, names),
        executed=done is not None,
        at=done.at if done is not None else expired,
        block=done.block_number if done is not None else None,
        transaction=done.transaction if done is not None else "",
    )


def permission_bits(permissions: int) -> list[int]:
    """The single permissions in a sum."""
    return [bit for bit in PERMISSIONS if permissions & bit]


def read_cursor(text: str) -> tuple[int, int] | None:
    """Block and index in a cursor `block.index`; None for an empty one. Raises DomainError invalid."""
    if not text:
        return None
    block, dot, index = text.partition(".")
    if not (dot and block.isascii() and block.isdigit() and index.isascii() and index.isdigit()):
        raise invalid("governance.cursor_malformed", pointer="/before")
    if len(block) > 15 or len(index) > 9:
        raise invalid("governance.cursor_malformed", pointer="/before")
    return int(block), int(index)


def cursor_of(event: Recorded) -> str:
    """The cursor behind an event."""
    return f"{event.block_number}.{event.log_index}"


def safe_cell(value: Any) -> str:
    """A CSV cell that a spreadsheet shows and never runs: risky beginnings get an apostrophe."""
    text = ("" if value is None else str(value)).replace("\x00", "")
    return "'" + text if text.lstrip(" ").startswith(_DANGEROUS) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]], history: int) -> str:
    """CSV with the block up to which it is complete in the first line; every cell is safe."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["complete_to_block", history])
    writer.writerow(head)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return out.getvalue()
