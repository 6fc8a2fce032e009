"""Every text has English, no two slices contradict each other, and formats read well in both languages."""

from __future__ import annotations

import ast
import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from api.infra import i18n

API = Path(i18n.API_ROOT)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "translate": (2,),
    "ntranslate": (2, 3),
}
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {
    "**/templates/**.html": {
        "encoding": "utf-8",
        "silent": "false",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    }
}


def extracted() -> dict[str, set[str]]:
    """Message id → the files that use it, for the whole of api/."""
    found: dict[str, set[str]] = defaultdict(set)
    for filename, _line, message, _comments, _context in extract_from_dir(
        str(API), method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
    ):
        first = message[0] if isinstance(message, tuple) else message
        if first:
            found[first].add(str(filename))
    return found


def test_every_message_has_an_english_text() -> None:
    catalogue = i18n.Catalogue.load(i18n.catalogue_paths())
    missing = {
        text: sorted(files)
        for text, files in extracted().items()
        if text not in catalogue and any("\u4e00" <= c <= "\u9fff" for c in text)
    }
    listing = "\n".join(f"{files[0]}: {text}" for text, files in sorted(missing.items(), key=lambda i: i[1]))
    assert not missing, f"{len(missing)} messages without English:\n{listing}"


def test_messages_inside_format_strings_have_an_english_text() -> None:
    """The extractor does not look into f-strings."""
    catalogue = i18n.Catalogue.load(i18n.catalogue_paths())
    marked = {
        call.args[0].value: path.relative_to(API)
        for path in API.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "N_"
        and isinstance(call.args[0], ast.Constant)
    }  # fmt: skip
    missing = {
        text: path
        for text, path in marked.items()
        if text not in catalogue and any("\u4e00" <= c <= "\u9fff" for c in text)
    }
    assert len(marked) > 500
    assert not missing


def test_slices_agree_on_the_english_of_a_message() -> None:
    known: dict[str, tuple[object, Path]] = {}
    contradictions = []
    for path in i18n.catalogue_paths():
        for msgid, text in i18n.read_messages(path).items():
            other = known.setdefault(msgid, (text, path))
            if other[0] != text:
                contradictions.append(f"{msgid!r}: {other[1]} says {other[0]!r}, {path} says {text!r}")
    assert not contradictions, "\n".join(contradictions)


def test_the_fields_of_a_message_are_the_same_in_both_languages() -> None:
    import re

    fields = re.compile(r"%\((\w+)\)")
    wrong = []
    for path in i18n.catalogue_paths():
        for msgid, text in i18n.read_messages(path).items():
            for form in (text,) if isinstance(text, str) else text:
                if not set(fields.findall(form)) <= set(fields.findall(msgid)) | {"num"}:
                    wrong.append(f"{path}: {msgid!r} → {form!r}")
    assert not wrong, "\n".join(wrong)


def test_a_new_message_without_english_is_noticed(tmp_path: Path) -> None:
    po = tmp_path / "en.po"
    po.write_text('msgid "合同"\nmsgstr "Contract"\n\nmsgid "草稿"\nmsgstr ""\n', encoding="utf-8")
    catalogue = i18n.Catalogue.load([po])
    assert "合同" in catalogue
    assert "草稿" not in catalogue
    assert catalogue.gettext("草稿") == "草稿"


def test_english_has_a_singular(tmp_path: Path) -> None:
    po = tmp_path / "en.po"
    po.write_text(
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "%(num)s 份"\nmsgid_plural "%(num)s 份"\nmsgstr[0] "%(num)s copy"\nmsgstr[1] "%(num)s copies"\n',
        encoding="utf-8",
    )
    catalogue = i18n.Catalogue.load([po])
    assert catalogue.ngettext("%(num)s 份", "%(num)s 份", 1) % {"num": 1} == "1 copy"
    assert catalogue.ngettext("%(num)s 份", "%(num)s 份", 3) % {"num": 3} == "3 copies"


def test_days_are_taken_in_shanghai() -> None:
    late = dt.datetime(2026, 3, 1, 16, 30, tzinfo=dt.UTC)
    assert i18n.format_date(late) == "2026年3月2日"
    assert i18n.format_date(late, "en") == "2 March 2026"
    assert i18n.format_datetime("2026-03-01T16:30:05.123Z") == "2026年3月2日 00:30"
    assert i18n.format_clock(late) == "2026-03-02 00:30:00"
    assert i18n.format_date("2026-03-01") == "2026年3月1日"
    with pytest.raises(ValueError, match="timezone"):
        i18n.format_datetime(dt.datetime(2026, 3, 1, 16, 30))  # noqa: DTZ001


def test_money_has_separators_and_two_places() -> None:
    assert i18n.format_money(Decimal("12800")) == "12,800.00"
    assert i18n.format_money("8000.5") == "8,000.50"
    assert i18n.format_money(None) == "—"
