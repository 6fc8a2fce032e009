"""A version's audit record for people and for a file: each line with the name of who did it, and the account beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from api.infra.audit import AuditRow
from api.kernel.clock import SHANGHAI
from api.risk.rulesets.model import Version
from api.risk.rulesets.texts import ACTION_NAMES
from api.risk.service.sheets import Cell, as_xlsx

MOST = 5_000
"""Lines of one file; a version is changed some dozen times."""
HEADS = (
    "序号 No.", "时间 Time", "事项 Action", "经办人 Name", "账号 Account", "修订 Revision", "发布号 Publication",
    "摘要 Hash", "理由 Reason",
)  # fmt: skip


def rows(history: Iterable[AuditRow], names: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """Lines under `HEADS`, oldest first; the name is empty where the account has none on record."""
    for number, entry in enumerate(history, 1):
        yield (
            number,
            entry.at,
            ACTION_NAMES.get(entry.action, entry.action),
            names.get(entry.actor),
            entry.actor,
            entry.facts.get("revision"),
            entry.facts.get("sequence"),
            entry.facts.get("hash"),
            entry.purpose,
        )


def as_file(
    version: Version,
    history: Sequence[AuditRow],
    names: Mapping[str, str],
    who: str,
    export_id: str,
    at: datetime,
) -> bytes:
    """The audit record as XLSX; the first line says of which version, by whom and when."""
    mark = (
        f"规则集 {version.document.id} {version.document.version} 审计记录 · 导出编号 {export_id} · 导出人：{who} · "
        f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} / Audit record of a rule set, export {export_id}"
    )
    return as_xlsx(mark, export_id, "audit", HEADS, rows(history, names))
