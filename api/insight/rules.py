"""Filters as people type them, CSV that no spreadsheet executes, and what the operator is warned of. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from api.insight.model import AsOf, ContractFilter, MessageBacklog, NodeFacts
from api.kernel.errors import invalid
from api.kernel.ids import is_hex32

GROUPS = ("month", "region", "organisation", "state", "level")
STATES = ("concluded", "superseded")
NAME_ROLES = ("regulator", "court")
"""Roles that see organisations by name; an auditor works with ids."""
TEXT_ROLES = ("regulator", "court")
EXPORT_LIMIT = 50_000
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
_REGION = re.compile(r"[0-9]{2,9}\Z")
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}\Z")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def parse_filter(
    *,
    contract_id: str = "",
    org_id: str = "",
    region: str = "",
    month: str = "",
    state: str = "",
    wallet: str = "",
    level: str = "",
    after: str = "",
    limit: int = 50,
) -> ContractFilter:
    """The filter of a form or query string; empty fields do not restrict.

    Raises DomainError invalid, with pointer.
    """

    def check(name: str, value: str, good: bool) -> str | None:
        if not value:
            return None
        if not good:
            raise invalid("insight.filter_malformed", pointer=f"/{name}", field=name)
        return value

    contract_id, org_id = contract_id.strip().lower(), org_id.strip().lower()
    return ContractFilter(
        contract_id=check("contract_id", contract_id, is_hex32(contract_id)),
        org_id=check("org_id", org_id, is_hex32(org_id)),
        region_prefix=check("region", region.strip(), bool(_REGION.match(region.strip()))),
        month=check("month", month.strip(), bool(_MONTH.match(month.strip()))),
        state=check("state", state, state in STATES),
        wallet=check("wallet", wallet.strip(), bool(_WALLET.match(wallet.strip()))),
        level=int(level) if check("level", level, level in {"2", "3", "4"}) else None,
        after=check("after", after, len(after) < 40),
        limit=max(1, min(limit, 200)),
    )


def query_string(query: ContractFilter, **changes: str) -> str:
    """The filter as URL query, for links to the next page and to the export."""
    fields = {**query.described(), **changes}
    if "region_prefix" in fields:
        fields["region"] = fields.pop("region_prefix")
    return urlencode({name: value for name, value in sorted(fields.items()) if value})


def safe_cell(value: Any) -> str:
    """A CSV cell that a spreadsheet shows and never runs (formula injection):

    risky beginnings get an apostrophe.
    """
    text = "" if value is None else str(value)
    text = text.replace("\x00", "")
    return "'" + text if text.lstrip(" ").startswith(_DANGEROUS) else text


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]], as_of: AsOf) -> str:
    """CSV with the block, its hash and the query in the first lines; every cell is safe."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["block", as_of.block_number, safe_cell(as_of.block_hash)])
    writer.writerow(["index_digest", safe_cell(as_of.digest)])
    writer.writerow(["query", *[safe_cell(f"{name}={value}") for name, value in as_of.query.items()]])
    writer.writerow([safe_cell(name) for name in head])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return out.getvalue()


def region_label(code: str, names: Mapping[str, str]) -> str:
    """Street, district or province by name as far as it is on record."""
    for known in (code, code[:6], code[:2] + "0000"):
        if known in names:
            return names[known] if known == code else f"{names[known]} {code}"
    return code


def warnings(
    node: NodeFacts | None,
    anchoring: Any,
    parked: int,
    messages: MessageBacklog,
    behind: int,
    calendar_known: bool,
    oldest_message_seconds: float,
    work_failing: bool = False,
) -> list[str]:
    """Codes of what the operator should look at, the gravest first; texts in `texts.WARNINGS`."""
    found: list[str] = []
    if anchoring.stopped:
        found.append("anchoring_stopped")
    if node is None:
        found.append("node_down")
    elif not node.ready or node.trouble:
        found.append("node_not_ready")
    if not anchoring.worker_alive:
        found.append("worker_down")
    if work_failing:
        found.append("work_failing")
    if parked:
        found.append("calls_parked")
    if anchoring.oldest_pending_seconds > 600:
        found.append("anchoring_late")
    if behind > 5:
        found.append("index_behind")
    if getattr(anchoring, "checkpoints_without_token", 0) > 3:
        found.append("tokens_missing")
    if any(witness.state not in ("up", "unasked") for witness in getattr(anchoring, "witnesses", ())):
        found.append("witnesses_missing")
    if node is not None and node.ms_per_block_warn:
        found.append("blocks_slow")
    if messages.counts.get("failed", 0):
        found.append("messages_failed")
    if oldest_message_seconds > 3_600:
        found.append("messages_late")
    if not calendar_known:
        found.append("calendar_unknown")
    return found
