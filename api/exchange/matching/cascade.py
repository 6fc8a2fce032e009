"""The cascade: code → repaired code and name → unique name → name and address → similar name and address. Pure Polars.

Work is done once for each distinct identity (code, name, address), and similarity only inside blocks: same building and the
same first or last two characters of the core. Nothing compares everything with everything; `comparisons` counts the pairs.
"""

from __future__ import annotations

import polars as pl
from rapidfuzz.distance import OSA, Indel

from api.exchange.matching import codes
from api.exchange.matching.model import Kind, Method
from api.exchange.matching.names import NameRules, numbers_of, with_keys

BLOCK_LIMIT = 50
"""More subjects under one key than this tell nothing: the key is left out."""
NEAREST_BP = 8_500
"""Similarity of cores below this is no candidate."""
MARGIN_BP = 300
"""The best candidate must be this far ahead of the second one."""
CODE_SLIPS = 1
"""Characters wrong, missing, doubled or swapped in a code that a name may repair."""

SCORES = {
    Method.USCC: 10_000,
    Method.DECIDED: 10_000,
    Method.CODE_REPAIRED: 9_500,
    Method.NAME_ADDRESS: 9_200,
    Method.NAME: 8_000,
}
CONTRADICTED_BP = 1_000
"""Taken off where the row has a code that is damaged and not nearly the candidate's; the link is then probable at best."""
CORE_ONLY_BP = 300
"""Taken off where only the cores are equal: another legal form or another region in front."""

SETTLED = "settled"
"""Kind of an identity that a person has decided: it is only counted, so that an undoing finds its batches."""
RESULT = {"enterprise": pl.Int64, "method": pl.String, "score_bp": pl.Int64, "probable": pl.Boolean}
DECISIONS = {
    "uscc": pl.String,
    "name": pl.String,
    "address": pl.String,
    "enterprise": pl.Int64,
    "outcome": pl.String,
}
"""Columns of remembered decisions: outcome `link`, `no` (this candidate refused; null: none was offered) or `new`."""


class Cascade:
    """Links rows to the subjects it was made with. Immutable but for the counter.

    subjects: `enterprise` Int64, `uscc`, `name`, `address` String (nullable but the first two, both unique).
    decisions: see `DECISIONS`. Raises ValueError for a master that names one code twice.
    """

    def __init__(
        self, subjects: pl.DataFrame, decisions: pl.DataFrame | None = None, rules: NameRules | None = None
    ) -> None:
        self._rules = rules or NameRules()
        given = subjects.select(
            "enterprise", uscc=codes.clean(pl.col("uscc")), name="name", address="address"
        )
        if given.filter(pl.col("uscc") != "").get_column("uscc").is_duplicated().any():
            raise ValueError("a code stands twice in the master")
        self._codes = given.filter(pl.col("uscc") != "").select("uscc", "enterprise")
        self._given = given
        self._decided = self._keyed(decisions if decisions is not None else pl.DataFrame(schema=DECISIONS))
        self._master: pl.DataFrame | None = None
        self.comparisons = 0

    # -- the promise

    def match(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `frame` (`uscc`, `name`, perhaps `address`; String), in its order.

        Columns: `enterprise` Int64 (null: not linked), `method` (see `Method`), `score_bp` 0 … 10,000, `probable`.
        """
        return self.review(frame)[0]

    def review(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`match`, and what a person should see of it: one row for each identity and candidate.

        Second frame: `d` (number of the identity in this call), `code`, `name_key`, `address_key`, `uscc`, `name`,
        `address` (as written), `rows`, `kind` (see `Kind`, and `SETTLED`), `enterprise`, `method`, `score_bp` (the candidate,
        or null).
        """
        by_code = frame.select("uscc").join(self._codes, on="uscc", how="left", maintain_order="left")
        linked = by_code.select(
            "enterprise",
            method=pl.lit(Method.USCC.value),
            score_bp=pl.lit(SCORES[Method.USCC], dtype=pl.Int64),
            probable=pl.lit(False),
        )
        missing = by_code["enterprise"].is_null()
        address = pl.col("address") if "address" in frame.columns else pl.lit(None, dtype=pl.String)
        rest = frame.select("uscc", "name", address=address).with_row_index("i").filter(missing)
        found, spelled, pairs = self._run(rest)
        if rest.is_empty():
            return linked, _asked(found, spelled, pairs)
        place = pl.Series("place", [None], dtype=pl.UInt32).new_from_index(0, frame.height)
        place = place.scatter(found["i"], pl.int_range(found.height, dtype=pl.UInt32, eager=True))
        weak = found.select(pl.col(name).gather(place) for name in RESULT)
        chosen = [pl.when(missing).then(weak[name]).otherwise(pl.col(name)).alias(name) for name in RESULT]
        return linked.select(chosen), _asked(found, spelled, pairs)

    # -- steps

    def _run(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Results by row `i` and identity `d`; the identities with their keys; all candidate pairs of the weak steps."""
        texts = ["uscc", "name", "address"]
        rows = rows.select("i", pl.col(texts).fill_null(""))
        spelled = self._keyed(rows.select(texts).unique(maintain_order=True).with_row_index("d"))
        by_code = spelled.join(self._codes, left_on="code", right_on="uscc", how="inner")
        done = [_settled(by_code, Method.USCC)]
        rest = spelled.join(by_code, on="d", how="anti", maintain_order="left")
        for step in (self._remembered, self._unknown, self._repaired):
            done.append(step(rest))
            rest = rest.join(done[-1], on="d", how="anti", maintain_order="left")
        pairs = self._not_refused(self._by_name(rest), rest)
        near = self._similar(rest.join(pairs, on="d", how="anti", maintain_order="left"))
        pairs = pl.concat([pairs, self._not_refused(near, rest)])
        done.append(_chosen(pairs))
        done.append(self._left(rest.join(done[-1], on="d", how="anti", maintain_order="left"), Method.NONE))
        found = rows.join(spelled.select("d", *texts), on=texts, how="left", maintain_order="left")
        found = found.join(pl.concat(done), on="d", how="left", maintain_order="left")
        return found.select("i", "d", *RESULT), spelled, pairs

    def _left(self, rest: pl.DataFrame, otherwise: Method) -> pl.DataFrame:
        """What was not linked: said to be new or refused by a person, or for the reason given."""
        said = self._refusals(rest)
        new = pl.col("d").is_in(said.filter(pl.col("outcome") == "new").get_column("d").implode())
        refused = pl.col("d").is_in(said.get_column("d").implode())
        method = (
            pl.when(new).then(pl.lit(Method.NEW.value))
            .when(refused).then(pl.lit(Method.REFUSED.value))
            .otherwise(pl.lit(otherwise.value))
        )  # fmt: skip
        return _unlinked(rest, method)

    def _keyed(self, frame: pl.DataFrame) -> pl.DataFrame:
        code = codes.clean(pl.col("uscc"))
        keyed = with_keys(frame, self._rules).with_columns(code=code)
        absent = codes.is_absent(pl.col("code"))
        return keyed.with_columns(code=pl.when(absent).then(pl.lit("")).otherwise(pl.col("code")))

    @property
    def _subjects(self) -> pl.DataFrame:
        """The master with its keys, made when the first row is not found by its code."""
        if self._master is None:
            made = with_keys(self._given, self._rules)
            self._master = made.with_columns(
                head=pl.col("core").str.slice(0, 2), tail=pl.col("core").str.slice(-2, 2)
            )
        return self._master

    def _block(self, *keys: str) -> pl.DataFrame:
        """Subjects under keys that are not empty and hold no more than `BLOCK_LIMIT` of them."""
        filled = pl.all_horizontal(pl.col(key) != "" for key in keys)
        return self._subjects.filter(filled).filter(pl.len().over(keys) <= BLOCK_LIMIT)

    def _remembered(self, rest: pl.DataFrame) -> pl.DataFrame:
        links = self._decided.filter(pl.col("outcome") == "link").unique(["code", "name_key", "address_key"])
        wanted = links.select("code", "name_key", "address_key", "enterprise")
        hit = rest.join(wanted, on=["code", "name_key", "address_key"], how="inner")
        return _settled(hit, Method.DECIDED)

    def _refusals(self, rest: pl.DataFrame) -> pl.DataFrame:
        refused = self._decided.filter(pl.col("outcome") != "link")
        wanted = refused.select("code", "name_key", "address_key", "enterprise", "outcome")
        joined = rest.select("d", "code", "name_key", "address_key").join(
            wanted, on=["code", "name_key", "address_key"], how="inner"
        )
        return joined.select("d", "enterprise", "outcome")

    def _not_refused(self, pairs: pl.DataFrame, rest: pl.DataFrame) -> pl.DataFrame:
        return pairs.join(self._refusals(rest), on=["d", "enterprise"], how="anti")

    def _unknown(self, rest: pl.DataFrame) -> pl.DataFrame:
        """Valid codes that the master does not have: never matched by anything weaker."""
        return self._left(rest.filter(codes.is_valid(pl.col("code"))), Method.UNKNOWN_CODE)

    def _repaired(self, rest: pl.DataFrame) -> pl.DataFrame:
        """A damaged code that becomes one subject's by its check character or one slip, where the name agrees, too."""
        damaged = rest.filter(pl.col("code") != "")
        bodies = damaged.with_columns(repaired=codes.rechecked(pl.col("code")))
        straight = damaged.with_columns(repaired=codes.straightened(pl.col("code")))
        tries = pl.concat([bodies, straight]).filter(pl.col("repaired").is_not_null())
        master = self._subjects.select("enterprise", "uscc", "name_key", "core")
        by_code = tries.join(master, left_on="repaired", right_on="uscc", how="inner").filter(
            (pl.col("name_key") != "")
            & ((pl.col("name_key") == pl.col("name_key_right")) | (pl.col("core") == pl.col("core_right")))
        )
        named = damaged.join(
            self._block("core").select("enterprise", "uscc", "core"), on="core", how="inner", suffix="_right"
        )
        slips = [
            OSA.distance(mine, theirs, score_cutoff=CODE_SLIPS)
            for mine, theirs in zip(
                named.select(codes.straightened(pl.col("code"))).to_series(), named.get_column("uscc_right"), strict=True
            )
        ]  # fmt: skip
        self.comparisons += len(slips)
        by_name = named.filter(pl.Series(slips, dtype=pl.Int64) <= CODE_SLIPS)
        pairs = pl.concat([by_code.select("d", "enterprise"), by_name.select("d", "enterprise")]).unique()
        pairs = self._not_refused(pairs, rest)
        return _settled(pairs.filter(pl.len().over("d") == 1), Method.CODE_REPAIRED)

    def _by_name(self, rest: pl.DataFrame) -> pl.DataFrame:
        """Pairs of equal names or cores, each with method and score."""
        named = rest.filter(pl.col("name_key") != "")
        keys = ["enterprise", "name_key", "core", "address_key"]
        parts = []
        for on in (["name_key"], ["name_key", "address_key"], ["core"], ["core", "address_key"]):
            block = self._block(*on).select(*keys).with_columns(k=pl.col("name_key"), a=pl.col("address_key"))
            block = block.select("enterprise", "k", "a", *on)
            hit = named.join(block, on=on, how="inner")
            parts.append(hit.select("d", "code", "name_key", "address_key", "enterprise", "k", "a"))
        pairs = pl.concat(parts).unique(maintain_order=True)
        self.comparisons += pairs.height
        same_address = (pl.col("address_key") != "") & (pl.col("address_key") == pl.col("a"))
        same_name = pl.col("name_key") == pl.col("k")
        base = pl.when(same_address).then(SCORES[Method.NAME_ADDRESS]).otherwise(SCORES[Method.NAME])
        less = pl.when(same_name).then(0).otherwise(CORE_ONLY_BP)
        against = pl.when(pl.col("code") != "").then(CONTRADICTED_BP).otherwise(0)
        method = pl.when(same_address).then(pl.lit("name_address")).otherwise(pl.lit("name"))
        return pairs.select(
            "d", "enterprise", method=method, score_bp=(base - less - against).cast(pl.Int64),
            probable=~same_address | ~same_name | (pl.col("code") != ""),
        )  # fmt: skip

    def _similar(self, rest: pl.DataFrame) -> pl.DataFrame:
        """Pairs in one building whose cores begin or end alike and are nearly the same; always probable."""
        named = rest.filter((pl.col("core") != "") & (pl.col("address_key") != "")).with_columns(
            head=pl.col("core").str.slice(0, 2), tail=pl.col("core").str.slice(-2, 2)
        )
        parts = []
        for part in ("head", "tail"):
            block = self._block("address_key", part).select("enterprise", "address_key", part, theirs="core")
            hit = named.join(block, on=["address_key", part], how="inner")
            parts.append(hit.select("d", "code", "core", "enterprise", "theirs"))
        pairs = pl.concat(parts).unique(maintain_order=True)
        pairs = pairs.filter(numbers_of(pl.col("core")) == numbers_of(pl.col("theirs")))
        self.comparisons += pairs.height
        near = [
            similarity_bp(mine, theirs)
            for mine, theirs in zip(pairs.get_column("core"), pairs.get_column("theirs"), strict=True)
        ]
        against = pl.when(pl.col("code") != "").then(CONTRADICTED_BP).otherwise(0)
        scored = pairs.with_columns(near=pl.Series(near, dtype=pl.Int64)).filter(pl.col("near") >= NEAREST_BP)
        return scored.select(
            "d", "enterprise", method=pl.lit("fuzzy_address"),
            score_bp=pl.col("near") * 8 // 10 - against, probable=pl.lit(True),
        )  # fmt: skip


def similarity_bp(one: str, other: str) -> int:
    """Share of characters that stand in both in the same order (Indel), in basis points; 0 for two empty texts."""
    length = len(one) + len(other)
    return (length - Indel.distance(one, other)) * 10_000 // length if length else 0


def _settled(frame: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Certain links."""
    return frame.select(
        pl.col("d").cast(pl.UInt32), "enterprise", method=pl.lit(method.value),
        score_bp=pl.lit(SCORES[method], dtype=pl.Int64), probable=pl.lit(False),
    )  # fmt: skip


def _unlinked(frame: pl.DataFrame, method: pl.Expr) -> pl.DataFrame:
    return frame.select(
        pl.col("d").cast(pl.UInt32), enterprise=pl.lit(None, dtype=pl.Int64), method=method,
        score_bp=pl.lit(0, dtype=pl.Int64), probable=pl.lit(False),
    )  # fmt: skip


def _chosen(pairs: pl.DataFrame) -> pl.DataFrame:
    """The best pair of each identity where it is alone at the top; otherwise the identity is ambiguous.

    Alone: no second of the same score, and for similar names none within `MARGIN_BP`.
    """
    margin = pl.when(pl.col("method") == Method.FUZZY_ADDRESS.value).then(MARGIN_BP).otherwise(1)
    best = pl.col("score_bp").max().over("d")
    rivals = (best - pl.col("score_bp") < margin).sum().over("d")
    top = pairs.with_columns(rivals=rivals, best=best).filter(pl.col("score_bp") == pl.col("best"))
    alone = top.filter(pl.col("rivals") == 1).select("d", *RESULT)
    several = top.filter(pl.col("rivals") > 1).select("d").unique(maintain_order=True)
    return pl.concat([alone, _unlinked(several, pl.lit(Method.AMBIGUOUS.value))])


def _asked(found: pl.DataFrame, spelled: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Identities for a person, each with its candidates."""
    kinds = {Method.AMBIGUOUS.value: Kind.AMBIGUOUS.value, Method.UNKNOWN_CODE.value: Kind.UNKNOWN_CODE.value}
    kinds |= {method.value: SETTLED for method in (Method.DECIDED, Method.NEW, Method.REFUSED)}
    other = pl.col("method").replace_strict(kinds, default=None, return_dtype=pl.String)
    kind = pl.when(pl.col("probable")).then(pl.lit(Kind.PROBABLE.value)).otherwise(other)
    asked = (
        found.select("d", kind=kind)
        .filter(pl.col("kind").is_not_null())
        .group_by("d", maintain_order=True)
        .agg(pl.first("kind"), rows=pl.len().cast(pl.Int64))
    )
    keyed = asked.join(spelled.drop("core"), on="d", how="inner", maintain_order="left")
    offered = pairs.select("d", "enterprise", "method", "score_bp")
    return keyed.join(offered, on="d", how="left", maintain_order="left")
