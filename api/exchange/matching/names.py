"""How names and addresses are made comparable (docs/matching.md gives the same rules for people). Pure expressions.

A *key* is equal for spellings of one name: width, case, brackets, spaces and punctuation, forms of 有限公司, spellings of
the region. A *core* is the key without region and legal form: what is left tells enterprises apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from api.kernel.errors import unavailable

_BRACKETS = r"[\[\]{}【】〔〕〖〗〈〉《》「」『』]"
_NOTES = r"\((?:已?注销|已?吊销|存续|在业|开业|停业|个体工商户|曾用名[^()]*|原[^()]*|原名[^()]*)\)"
_MARKS = r"[^\p{L}\p{N}]"
_FORMS = (("责任有限公司", "有限公司"), ("有限责任公司", "有限公司"))
_TAIL = r"(?:股份有限公司|有限公司|股份公司|公司|有限合伙|普通合伙|合伙企业)$"
_FLOOR = r"^(.*?\d+号).*$"
_NUMBERS = r"[0-9一二三四五六七八九十百]+"
SHORTEST_CORE = 2
"""A core of one character tells nobody apart; the key is taken instead."""


@dataclass(frozen=True)
class Region:
    """A region as it stands in front of names and addresses: its short form, and the spellings that mean it."""

    short: str
    spellings: tuple[str, ...]


@dataclass(frozen=True)
class NameRules:
    """Local part of the normalisation, outermost region first: the dated parameter `exchange.name_regions` (`rules_of`)."""

    regions: tuple[Region, ...] = (
        Region("重庆", ("重庆市", "重庆")),
        Region("九龙坡", ("九龙坡区", "九龙坡")),
    )

    def pattern(self) -> str:
        """All regions at the beginning of a text, each of them optional."""
        return "^" + "".join(f"(?:{self._either(region)})?" for region in self.regions)

    @staticmethod
    def _either(region: Region) -> str:
        return "|".join(re.escape(text) for text in sorted(region.spellings, key=len, reverse=True))


def rules_of(value: Mapping[str, Any] | None) -> NameRules:
    """The rules of a dated parameter `{"regions": [{"short", "spellings": […]}, …]}`, outermost first; None: as delivered.

    Raises unavailable `exchange.name_regions_malformed`: no file is matched by half a rule, it waits until it is mended.
    """
    if value is None:
        return NameRules()
    try:
        listed = value["regions"]
        regions = tuple(Region(entry["short"], tuple(entry["spellings"])) for entry in listed)
    except (KeyError, TypeError) as error:
        raise unavailable("exchange.name_regions_malformed") from error
    texts = [text for region in regions for text in (region.short, *region.spellings)]
    whole = all(isinstance(text, str) and text.strip() for text in texts) and all(
        r.spellings for r in regions
    )
    if not whole or set(value) != {"regions"}:
        raise unavailable("exchange.name_regions_malformed")
    return NameRules(regions)


def _plain(text: pl.Expr) -> pl.Expr:
    """Half width, capital letters, one kind of brackets; null becomes empty."""
    return text.fill_null("").str.normalize("NFKC").str.to_uppercase()


def name_key(name: pl.Expr, rules: NameRules) -> pl.Expr:
    """Comparable form of an enterprise's name; empty where there is none.

    String expression → String expression. Notes of state in brackets (已注销, 个体工商户, 曾用名…) go, other brackets only
    lose their marks: 星河(集团)有限责任公司 → 星河集团有限公司.
    """
    opened = _plain(name).str.replace_all(r"[\[{【〔〖〈《「『]", "(").str.replace_all(_BRACKETS, ")")
    key = opened.str.replace_all(_NOTES, "").str.replace_all(_MARKS, "")
    for spelling, form in _FORMS:
        key = key.str.replace_all(spelling, form, literal=True)
    key = key.str.replace(r"股份公司$", "股份有限公司")
    before = ""
    for region in rules.regions:
        either = NameRules._either(region)
        key = key.str.replace(f"^({before})(?:{either})", f"${{1}}{region.short}")
        before += f"(?:{re.escape(region.short)})?"
    return key


def name_core(key: pl.Expr, rules: NameRules) -> pl.Expr:
    """The key without leading regions and legal form; the key itself where less than two characters would be left."""
    core = key.str.replace(rules.pattern(), "").str.replace(_TAIL, "")
    return pl.when(core.str.len_chars() >= SHORTEST_CORE).then(core).otherwise(key)


def address_key(address: pl.Expr, rules: NameRules) -> pl.Expr:
    """The building of an address: regions and marks off, cut behind the first 号; empty where there is none.

    Room numbers are written in too many ways, and the building is enough beside a name.
    """
    marks = _plain(address).str.replace_all(_MARKS, "")
    return marks.str.replace(rules.pattern(), "").str.replace(_FLOOR, "${1}")


def numbers_of(core: pl.Expr) -> pl.Expr:
    """The numerals of a core, joined: 第三分公司 and 第四分公司 must never be taken for one another."""
    return core.str.extract_all(_NUMBERS).list.join("/")


def with_keys(frame: pl.DataFrame, rules: NameRules) -> pl.DataFrame:
    """Add `name_key`, `core`, `address_key` to a frame with String columns `name` and `address`."""
    keyed = frame.with_columns(
        name_key=name_key(pl.col("name"), rules), address_key=address_key(pl.col("address"), rules)
    )
    return keyed.with_columns(core=name_core(pl.col("name_key"), rules))
