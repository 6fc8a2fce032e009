"""The data of template "agreement/1": parties, key facts, numbered clauses and places to sign.

Everything that the PDF shows comes from this data, and the data is attached to the PDF, so that "the PDF says what
the data says" can be checked by rendering it again. Labour contracts, mediation agreements and official decisions
use the same layout. Shape and limits are checked here; characters in `characters`, glyphs in `renderer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from signing.rendering.characters import JSON
from signing.rendering.errors import DATA_INVALID, RenderingError

MAX_CLAUSES = 80
MAX_ROWS = 24
MAX_TITLE = 120
MAX_VALUE = 600

_KEYS = {
    "v", "schema", "lang", "test", "date", "title", "subtitle", "document_no", "version", "lookup",
    "text_template", "parties", "key_facts", "clauses", "notices", "signatures", "facts",
}  # fmt: skip
_FIELD = re.compile(r"[A-Z][A-Za-z]{0,31}")
_CODE = re.compile(r"[a-z2-7]{8,64}")
_CLAUSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEX64 = re.compile(r"[0-9a-f]{64}")


def check(data: Mapping[str, JSON]) -> None:
    """Checks the shape. Raises RenderingError DATA_INVALID with the JSON pointer and the reason."""
    _keys(data, _KEYS, "")
    _require(data["v"] == 1 and data["v"] is not True, "/v", "must be 1")
    _text(data["schema"], "/schema", MAX_TITLE)
    _require(data["lang"] in ("zh", "en"), "/lang", "must be zh or en")
    _require(isinstance(data["test"], bool), "/test", "must be true or false")
    issued(data)
    for name in ("title", "subtitle", "document_no"):
        _text(data[name], f"/{name}", MAX_TITLE, empty=name == "subtitle")
    version = data["version"]
    _require(
        isinstance(version, int) and not isinstance(version, bool) and version >= 1, "/version", "must be ≥ 1"
    )
    _lookup(data["lookup"])
    _text_template(data["text_template"])
    _parties(data["parties"])
    for path, item in _items(data["key_facts"], "/key_facts", MAX_ROWS):
        fact = _mapping(item, path)
        _keys(fact, {"id", "label", "value"}, path)
        _text(fact["id"], f"{path}/id", MAX_TITLE)
        _text(fact["label"], f"{path}/label", MAX_TITLE)
        _text(fact["value"], f"{path}/value", MAX_VALUE)
    _clauses(data["clauses"])
    for path, item in _items(data["notices"], "/notices", MAX_ROWS):
        _text(item, path, MAX_VALUE)
    fields = []
    for path, item in _items(data["signatures"], "/signatures", 2):
        place = _mapping(item, path)
        _keys(place, {"field", "label"}, path)
        field = _text(place["field"], f"{path}/field", 32)
        _require(_FIELD.fullmatch(field) is not None, f"{path}/field", "must be an ASCII word")
        _text(place["label"], f"{path}/label", MAX_TITLE)
        fields.append(field)
    _require(
        1 <= len(fields) == len(set(fields)), "/signatures", "needs one or two fields of different names"
    )
    _mapping(data["facts"], "/facts")


def issued(data: Mapping[str, JSON]) -> date:
    """The document's date, which is also the PDF's creation date."""
    text = _text(data["date"], "/date", 10)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RenderingError(DATA_INVALID, path="/date", reason="must be YYYY-MM-DD") from error


def _lookup(value: JSON) -> None:
    lookup = _mapping(value, "/lookup")
    _keys(lookup, {"code", "url"}, "/lookup")
    code = _text(lookup["code"], "/lookup/code", 64)
    _require(_CODE.fullmatch(code) is not None, "/lookup/code", "must be lower-case base32")
    url = _text(lookup["url"], "/lookup/url", 300)
    # The QR code holds a look-up id and nothing else: no query, no fragment, and the id stands last.
    plain = url.isascii() and url.startswith(("https://", "http://")) and not set("?#@ \\") & set(url)
    _require(
        plain and url.endswith("/" + code), "/lookup/url", "must be a plain address that ends in the code"
    )


def _text_template(value: JSON) -> None:
    template = _mapping(value, "/text_template")
    _keys(template, {"id", "version", "sha256"}, "/text_template")
    _text(template["id"], "/text_template/id", MAX_TITLE)
    _text(template["version"], "/text_template/version", 32)
    digest = _text(template["sha256"], "/text_template/sha256", 64)
    _require(
        _HEX64.fullmatch(digest) is not None, "/text_template/sha256", "must be 64 lower-case hex digits"
    )


def _parties(value: JSON) -> None:
    for path, item in _items(value, "/parties", 4, least=1):
        party = _mapping(item, path)
        _keys(party, {"role", "label", "rows"}, path)
        _text(party["role"], f"{path}/role", 32)
        _text(party["label"], f"{path}/label", MAX_TITLE)
        for row_path, row in _items(party["rows"], f"{path}/rows", MAX_ROWS, least=1):
            pair = _items(row, row_path, 2, least=2)
            _text(pair[0][1], pair[0][0], MAX_TITLE)
            _text(pair[1][1], pair[1][0], MAX_VALUE)


def _clauses(value: JSON) -> None:
    seen: set[str] = set()
    for path, item in _items(value, "/clauses", MAX_CLAUSES, least=1):
        clause = _mapping(item, path)
        _keys(clause, {"id", "title", "text"}, path)
        name = _text(clause["id"], f"{path}/id", 64)
        _require(_CLAUSE_ID.fullmatch(name) is not None, f"{path}/id", "must be a short ASCII name")
        _require(name not in seen, f"{path}/id", "appears twice")
        seen.add(name)
        _text(clause["title"], f"{path}/title", MAX_TITLE)
        _text(clause["text"], f"{path}/text", None, lines=True)


def _require(condition: bool, path: str, reason: str) -> None:
    if not condition:
        raise RenderingError(DATA_INVALID, path=path, reason=reason)


def _keys(value: Mapping[str, JSON], expected: set[str], path: str) -> None:
    for key in sorted(expected - set(value)):
        raise RenderingError(DATA_INVALID, path=f"{path}/{key}", reason="is missing")
    for key in sorted(set(value) - expected):
        raise RenderingError(DATA_INVALID, path=f"{path}/{key}", reason="is not known")


def _mapping(value: JSON, path: str) -> Mapping[str, JSON]:
    if not isinstance(value, Mapping):
        raise RenderingError(DATA_INVALID, path=path, reason="must be an object")
    return value


def _items(value: JSON, path: str, most: int, least: int = 0) -> list[tuple[str, JSON]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RenderingError(DATA_INVALID, path=path, reason="must be a list")
    _require(least <= len(value) <= most, path, f"needs {least} to {most} items")
    return [(f"{path}/{index}", item) for index, item in enumerate(value)]


def _text(value: JSON, path: str, most: int | None, *, empty: bool = False, lines: bool = False) -> str:
    if not isinstance(value, str):
        raise RenderingError(DATA_INVALID, path=path, reason="must be text")
    _require(empty or bool(value.strip()), path, "must not be empty")
    _require(most is None or len(value) <= most, path, f"is longer than {most} characters")
    _require(lines or "\n" not in value, path, "must be one line")
    return value
