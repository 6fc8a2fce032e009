"""JSON shapes of the chain's governance. Times are ISO 8601 in UTC; hashes and keys are hex without 0x."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.governance.model import Approval, Decision, Kind, OpenProposal, Overview, Page, Recorded, Subject
from api.governance.rules import permission_bits
from api.governance.texts import PERMISSION_CODES


class MemberOut(BaseModel):
    """A member: one organisation, one validator, one vote."""

    name: str
    operator: str = Field(description="account that votes and administers")
    consensus_key: str = Field(description="Ed25519 key that signs blocks")
    nodes: list[str]
    permissions: list[str]
    suspended_at: int | None = Field(
        description="block at which its key was suspended for signing two blocks"
    )

    @classmethod
    def of(cls, seat: Any) -> MemberOut:
        """The seat as JSON."""
        return cls(
            name=seat.name,
            operator=seat.operator,
            consensus_key=seat.consensus_key,
            nodes=list(seat.nodes),
            permissions=[PERMISSION_CODES[bit] for bit in permission_bits(seat.permissions)],
            suspended_at=seat.suspended_at or None,
        )


class SubjectOut(BaseModel):
    """What a proposal is about; fields that its action does not use are empty."""

    action: str
    account: str
    name: str
    key: str
    value: str = Field(description="decimal: permissions, parameter's value, height or node id by the action")
    label: str

    @classmethod
    def of(cls, subject: Subject) -> SubjectOut:
        """The subject as JSON."""
        return cls(
            action=subject.action,
            account=subject.account,
            name=subject.name,
            key=subject.key,
            value=str(subject.value),
            label=subject.label,
        )


class ApprovalOut(BaseModel):
    """One vote."""

    operator: str
    name: str
    counts: bool = Field(description="false when its member has left since")
    block: int
    transaction: str
    at: datetime

    @classmethod
    def of(cls, approval: Approval) -> ApprovalOut:
        """The vote as JSON."""
        return cls.model_validate(approval, from_attributes=True)


class ProposalOut(BaseModel):
    """A proposal that waits."""

    id: int
    subject: SubjectOut
    approvals: int
    missing: int
    expires: datetime
    voters: list[ApprovalOut]
    waiting: list[str]
    incomplete: bool = Field(description="the kept history does not hold all of its votes yet")
    command: str

    @classmethod
    def of(cls, proposal: OpenProposal) -> ProposalOut:
        """The proposal as JSON."""
        return cls(
            id=proposal.id,
            subject=SubjectOut.of(proposal.subject),
            approvals=proposal.approvals,
            missing=proposal.missing,
            expires=proposal.expires,
            voters=[ApprovalOut.of(voter) for voter in proposal.voters],
            waiting=list(proposal.waiting),
            incomplete=proposal.incomplete,
            command=proposal.command,
        )


class UpgradeOut(BaseModel):
    """A change of the program."""

    name: str
    height: int = Field(description="first block by the new program")
    sha256: str
    blocks_left: int = Field(description="0 once the height is reached")


class AccountOut(BaseModel):
    """The k-of-n account that administers the contracts."""

    address: str
    threshold: int
    signers: list[str]
    acts: int
    delay_seconds: int


class NetworkOut(BaseModel):
    """Present state of the chain's governance."""

    kind: Kind
    chain_id: int | None = None
    block: int | None = None
    block_hash: str | None = None
    at: datetime | None = None
    quorum: int | None = None
    members: list[MemberOut] = []
    proposals: list[ProposalOut] = []
    parameters: dict[str, int | None] = Field({}, description="null: the value of the genesis")
    upgrade: UpgradeOut | None = None
    account: AccountOut | None = None
    history_block: int = Field(description="block up to which decisions and events are kept")

    @classmethod
    def of(cls, view: Overview) -> NetworkOut:
        """The view as JSON."""
        account = view.account
        made = cls(
            kind=view.kind,
            history_block=view.history,
            account=None
            if account is None
            else AccountOut(
                address=account.address,
                threshold=account.threshold,
                signers=list(account.signers),
                acts=account.acts,
                delay_seconds=account.delay,
            ),
        )
        state = view.state
        if state is None:
            return made
        planned = state.upgrade
        return made.model_copy(
            update={
                "chain_id": state.chain_id,
                "block": state.block.number,
                "block_hash": state.block.hash.hex(),
                "at": view.at,
                "quorum": state.quorum,
                "members": [MemberOut.of(seat) for seat in state.seats],
                "proposals": [ProposalOut.of(proposal) for proposal in view.proposals],
                "parameters": {name: value or None for name, value in state.parameters.items()},
                "upgrade": None
                if planned is None
                else UpgradeOut(
                    name=planned.name,
                    height=planned.height,
                    sha256=planned.checksum,
                    blocks_left=max(0, planned.height - state.block.number),
                ),
            }
        )


class DecisionOut(BaseModel):
    """A proposal that is over."""

    id: int
    subject: SubjectOut
    proposed_by: str
    proposed_at: datetime
    voters: list[ApprovalOut]
    outcome: str = Field(description="executed or expired")
    at: datetime
    block: int | None
    transaction: str | None

    @classmethod
    def of(cls, decision: Decision) -> DecisionOut:
        """The decision as JSON."""
        return cls(
            id=decision.id,
            subject=SubjectOut.of(decision.subject),
            proposed_by=decision.proposed_by,
            proposed_at=decision.proposed_at,
            voters=[ApprovalOut.of(voter) for voter in decision.voters],
            outcome="executed" if decision.executed else "expired",
            at=decision.at,
            block=decision.block,
            transaction=decision.transaction or None,
        )


class DecisionsOut(BaseModel):
    """A page of decisions, newest first."""

    decisions: list[DecisionOut]
    next: str | None = Field(description="`before` of the next page")
    history_block: int

    @classmethod
    def of(cls, page: Page) -> DecisionsOut:
        """The page as JSON."""
        rows = [DecisionOut.of(row) for row in page.rows]
        return cls(decisions=rows, next=page.next or None, history_block=page.history)


class EventOut(BaseModel):
    """An event of the network's contract."""

    block: int
    index: int
    name: str
    proposal: int | None
    fields: dict[str, Any]
    transaction: str
    at: datetime

    @classmethod
    def of(cls, event: Recorded) -> EventOut:
        """The event as JSON."""
        return cls(
            block=event.block_number,
            index=event.log_index,
            name=event.name,
            proposal=event.proposal,
            fields=dict(event.fields),
            transaction=event.transaction,
            at=event.at,
        )


class EventsOut(BaseModel):
    """A page of events, newest first."""

    events: list[EventOut]
    next: str | None = Field(description="`before` of the next page")
    history_block: int

    @classmethod
    def of(cls, page: Page) -> EventsOut:
        """The page as JSON."""
        rows = [EventOut.of(row) for row in page.rows]
        return cls(events=rows, next=page.next or None, history_block=page.history)
