"""Splink's scores for the review queue: an explanation for a person, never a link.

Fellegi and Sunter's model through Splink on an in-memory DuckDB that may load no extension: no network, no training.
m and u (how often a column agrees for the same and for different enterprises) are fixed and written down in
docs/matching.md, so the same pair has the same score on every machine. Weights are log2 Bayes factors, kept as
thousandths of a bit, because nothing here counts with floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from api.exchange.matching import codes
from api.exchange.matching.model import Explained, Identity
from api.exchange.matching.names import NameRules, with_keys

PRIOR = 0.01
"""A candidate was found by code, name or address: one in a hundred such pairs by chance is the assumption."""


def _level(condition: str, label: str, m: float, u: float) -> dict[str, Any]:
    return {"sql_condition": condition, "label_for_charts": label, "m_probability": m, "u_probability": u}


def _column(name: str, *levels: dict[str, Any]) -> dict[str, Any]:
    empty = f"{name}_l = '' OR {name}_r = ''"
    absent = {"sql_condition": empty, "label_for_charts": "absent", "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [absent, *levels]}


_COMPARISONS: list[Any] = [
    _column(
        "code",
        _level("code_l = code_r", "same", 0.90, 0.00003),
        _level("damerau_levenshtein(code_l, code_r) <= 2", "near", 0.07, 0.0003),
        _level("ELSE", "different", 0.03, 0.99967),
    ),
    _column(
        "name_key",
        _level("name_key_l = name_key_r", "same", 0.80, 0.0002),
        _level("core_l = core_r", "same_core", 0.12, 0.0005),
        _level("jaro_winkler_similarity(core_l, core_r) >= 0.9", "near", 0.06, 0.005),
        _level("ELSE", "different", 0.02, 0.9943),
    ),
    _column(
        "address_key",
        _level("address_key_l = address_key_r", "same", 0.70, 0.003),
        _level("jaro_winkler_similarity(address_key_l, address_key_r) >= 0.9", "near", 0.10, 0.02),
        _level("ELSE", "different", 0.20, 0.977),
    ),
]
_LABELS = {
    c["output_column_name"]: [lv["label_for_charts"] for lv in c["comparison_levels"]] for c in _COMPARISONS
}


def explain(
    identity: Identity, candidates: Mapping[int, tuple[str, str, str]], rules: NameRules
) -> list[Explained]:
    """Score each candidate (code, name, address by enterprise) against the identity, best first.

    `parts`: for code, name and address the level reached and its weight in thousandths of a bit (absent columns: 0).
    """
    if not candidates:
        return []
    left = _records({0: (identity.uscc, identity.name, identity.address)}, rules)
    right = _records(candidates, rules)
    found = [_explained(row) for row in _scored(left, right)]
    return sorted(found, key=lambda e: (-e.weight_milli, e.enterprise))


def _records(texts: Mapping[int, tuple[str, str, str]], rules: NameRules) -> list[dict[str, Any]]:
    frame = pl.DataFrame(
        [(number, *(text or "" for text in given)) for number, given in texts.items()],
        schema={"id": pl.Int64, "uscc": pl.String, "name": pl.String, "address": pl.String},
        orient="row",
    )
    code = codes.clean(pl.col("uscc"))
    keyed = with_keys(frame, rules).with_columns(
        code=pl.when(codes.is_absent(code)).then(pl.lit("")).otherwise(code)
    )
    return keyed.select("id", "code", "name_key", "core", "address_key").to_dicts()


def _scored(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Here and not above: the library takes two seconds to import, and only this page of the queue needs it.
    import duckdb
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "threads": 1}
    )
    try:
        api = DuckDBAPI(connection=connection)
        schema = "id BIGINT, code VARCHAR, name_key VARCHAR, core VARCHAR, address_key VARCHAR"
        for table in ("rows", "master"):
            connection.execute(f"CREATE TABLE {table}_empty ({schema})")
        linker = Linker(
            [
                api.register("rows_empty", table_name="rows"),
                api.register("master_empty", table_name="master"),
            ],
            SettingsCreator(
                link_type="link_only",
                unique_id_column_name="id",
                probability_two_random_records_match=PRIOR,
                comparisons=_COMPARISONS,
                retain_intermediate_calculation_columns=True,
            ),
            log_level=50,
        )
        one = [{**row, "source_dataset": "rows"} for row in left]
        other = [{**row, "source_dataset": "master"} for row in right]
        scored: list[dict[str, Any]] = linker.inference.score_pairs(one, other).as_record_list()
        return scored
    finally:
        connection.close()


def _explained(row: Mapping[str, Any]) -> Explained:
    parts: dict[str, Any] = {}
    for column, labels in _LABELS.items():
        level = int(row[f"gamma_{column}"])
        label = labels[0] if level < 0 else labels[len(labels) - 1 - level]
        weight = 0 if level < 0 else round(1000 * float(row[f"mw_{column}"]))
        parts[column] = {"level": label, "weight_milli": weight}
    return Explained(
        enterprise=int(row["id_r"]),
        weight_milli=round(1000 * float(row["match_weight"])),
        probability_bp=round(10_000 * float(row["match_probability"])),
        parts=parts,
    )
