"""The data of a short labour contract between invented parties, for the rendering template agreement/1."""

from __future__ import annotations

from typing import Any

LOOKUP = "abcdefghijklmnopqrst234567"


def agreement(
    *, worker: str = "李小龘", origin: str = "https://example.test", **changes: Any
) -> dict[str, Any]:
    """The data; `changes` replace whole top-level values."""
    return {
        "v": 1,
        "schema": "concord:econtract.document/1",
        "lang": "zh",
        "test": True,
        "date": "2026-11-22",
        "title": "劳动合同书",
        "subtitle": "固定期限",
        "document_no": "7f3a9c1d20b84e65",
        "version": 1,
        "lookup": {"code": LOOKUP, "url": f"{origin}/d/{LOOKUP}"},
        "text_template": {"id": "concord-labour-fixed", "version": "1.0.0", "sha256": "0" * 64},
        "parties": [
            {"role": "employer", "label": "甲方（用人单位）", "rows": [["名称", "示例机械（测试）"]]},
            {"role": "worker", "label": "乙方（劳动者）", "rows": [["姓名", worker]]},
        ],
        "key_facts": [{"id": "pay", "label": "劳动报酬", "value": "每月 8000.00 元"}],
        "clauses": [
            {"id": "M3", "title": "合同期限", "text": "自2026年12月1日起。\n试用期两个月。"},
            {"id": "M4", "title": "工作内容", "text": "数控操作。"},
        ],
        "notices": ["双方平等自愿订立本合同。"],
        "signatures": [
            {"field": "Worker", "label": "乙方（劳动者）签名"},
            {"field": "Employer", "label": "甲方（用人单位）盖章"},
        ],
        "facts": {"monthly_pay": "8000.00"},
        **changes,
    }
