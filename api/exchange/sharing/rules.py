"""What a request needs, who may decide, read and end a share, and what an export carries. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.exchange.sharing.model import Asked, Share, SharedColumn, SharedDataset, State
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError, conflict, forbidden, invalid

LONGEST_DAYS = 366
EXPORT_LIMIT = 50_000
_TEXT = 400
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""Wide ones, too: a spreadsheet of this region takes ＝ for =."""
_BLANK = " \u00a0\u3000\u200b\ufeff"


def _text(value: str, pointer: str, least: int, most: int = _TEXT) -> str:
    value = " ".join(value.split())
    if not least <= len(value) <= most or not value.isprintable():
        raise invalid("exchange.share_text_missing", pointer=pointer, least=least, most=most)
    return value


def checked(asked: Asked, dataset: SharedDataset) -> Asked:
    """The request with its texts tidied. Raises invalid: purpose, basis, recipient, fields, clearance, days."""
    names = [column.name for column in dataset.columns]
    if not asked.fields or len(set(asked.fields)) != len(asked.fields) or not set(asked.fields) <= set(names):
        raise invalid("exchange.share_fields", pointer="/fields")
    if not 1 <= asked.clearance <= 4:
        raise invalid("exchange.share_clearance", pointer="/clearance")
    if not 1 <= asked.days <= LONGEST_DAYS:
        raise invalid("exchange.share_days", pointer="/days", most=LONGEST_DAYS)
    return Asked(
        dataset=dataset.code,
        fields=tuple(name for name in names if name in asked.fields),
        clearance=asked.clearance,
        purpose=_text(asked.purpose, "/purpose", 8),
        basis=_text(asked.basis, "/basis", 4),
        recipient=_text(asked.recipient, "/recipient", 2, 100),
        days=asked.days,
    )


def reason(text: str) -> str:
    """A reason, tidied. Raises invalid."""
    return _text(text, "/reason", 2, 300)


def check_decision(share: Share, version: int, actor: str) -> None:
    """Raises conflict where it is decided or has changed, forbidden for the one who asked."""
    if share.requested_by == actor:
        raise forbidden("exchange.share_second_person")
    if share.version != version or share.state is not State.REQUESTED:
        raise conflict("exchange.share_changed", state=share.state.value)


def check_revocation(share: Share, version: int) -> None:
    """Only what is approved can be revoked. Raises conflict."""
    if share.version != version or share.state is not State.APPROVED:
        raise conflict("exchange.share_changed", state=share.state.value)


def closed(share: Share, now: datetime) -> DomainError | None:
    """Why nothing may be read through a share now; None while it is open."""
    if share.state is State.REVOKED:
        return forbidden("exchange.share_revoked")
    if share.state is not State.APPROVED:
        return forbidden("exchange.share_not_approved")
    if share.expired(now):
        return forbidden("exchange.share_expired")
    return None


def columns_of(share: Share, dataset: SharedDataset) -> list[SharedColumn]:
    """The asked columns that the dataset still has, in its order."""
    return [column for column in dataset.columns if column.name in share.asked.fields]


def watermark(share: Share, export_id: str, at: datetime) -> str:
    """The visible line of an export: number, recipient, purpose, time. It hides nothing and proves nothing by itself."""
    when = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    asked = share.asked
    return (
        f"导出编号 {export_id} · 接收方：{asked.recipient} · 用途：{asked.purpose} · {when} · 仅限本用途，不得转交"
        f" / Export {export_id}, for {asked.recipient} and the stated purpose only; do not pass on"
    )


def safe_cell(value: Any) -> str:
    """A CSV cell that a spreadsheet shows and never runs: risky beginnings get an apostrophe."""
    text = ("" if value is None else str(value)).replace("\x00", "")
    return "'" + text if text.lstrip(_BLANK).startswith(_DANGEROUS) else text


def head(columns: Sequence[SharedColumn]) -> list[str]:
    """Column headings in both languages."""
    return [f"{column.zh} {column.name}" for column in columns]
