"""What a package shows to people beside its verdict: the clause itself, or the figure. From the verifier's facts alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CLAUSE: Final = 21
FIGURE: Final = 22


def exhibit(result: Mapping[str, Any], lang: str) -> tuple[str, str] | None:
    """Heading and text of what was shown, in `zh` or `en`; None for other packages, and for any that did not hold.

    A clause is repeated only under the verdict passed, a figure unless something failed: its header may be nobody's.
    """
    steps = {int(step["no"]): step for step in result["steps"]}
    which = 0 if lang == "zh" else 1
    if CLAUSE in steps and result["verdict"] == "passed":
        facts = steps[CLAUSE]["facts"]
        heading = (
            f"第 {facts['n']} 条（共 {facts['of']} 条）{facts['title']}",
            f"Clause {facts['n']} of {facts['of']}: {facts['title']}",
        )
        return _plain(heading[which]), _plain(str(facts["text"]))
    if FIGURE in steps and result["verdict"] != "failed" and "value" in steps[FIGURE]["facts"]:
        facts = steps[FIGURE]["facts"]
        region, month = facts["region"], facts["month"]
        heading = (f"登记的合同版本数：{facts['value']}", f"Contract versions concluded: {facts['value']}")
        text = (
            f"区划 {region or '全部'}，月份 {month or '全部'}，截至区块 {facts['block']}（{facts['time']}）",
            f"region {region or 'all'}, month {month or 'all'}, as of block {facts['block']} ({facts['time']})",
        )
        return heading[which], text[which]
    return None


def _plain(text: str) -> str:
    """Text without control characters: it is read on terminals too, and a party chose it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
