"""One renderer for all tests of this folder, and a document to vary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signing.rendering import FontBook, Renderer

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def fonts() -> list[Path]:
    folders = FontBook.npm(ROOT / "node_modules")
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("fonts are not installed (npm ci)")
    return folders


@pytest.fixture(scope="session")
def renderer(fonts: list[Path]) -> Renderer:
    return Renderer(FontBook.load(fonts))


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    def build(**changes: Any) -> dict[str, Any]:
        code = "abcdefghijklmnopqrst234567"
        data: dict[str, Any] = {
            "v": 1,
            "schema": "concord:econtract.document/1",
            "lang": "zh",
            "test": True,
            "date": "2026-11-22",
            "title": "劳动合同书",
            "subtitle": "固定期限",
            "document_no": "7f3a9c1d20b84e65",
            "version": 1,
            "lookup": {"code": code, "url": f"https://example.test/d/{code}"},
            "text_template": {"id": "concord-labour-fixed", "version": "1.0.0", "sha256": "0" * 64},
            "parties": [
                {"role": "employer", "label": "甲方（用人单位）", "rows": [["名称", "示例机械（测试）"]]},
                {"role": "worker", "label": "乙方（劳动者）", "rows": [["姓名", "李小龘㛃䶮"]]},
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
        }
        data.update(changes)
        return data

    return build
