"""Every step of the cascade, and what must never happen in it."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest

from api.exchange.matching.cascade import BLOCK_LIMIT, DECISIONS, Cascade, similarity_bp
from api.exchange.matching.codes import ALPHABET, check_character

STAR, MOON, SKY, SKY_TOO, TREE = 1, 2, 3, 4, 5
CODE = "91500116559000837H"
MASTER = pl.DataFrame(
    {
        "enterprise": [STAR, MOON, SKY, SKY_TOO, TREE],
        "uscc": [CODE, "91500107MA5TEXT11A", "91500107MA5TEXT2X2", "91500107MA5TEXT382", "92500107MA5DEM012B"],
        "name": [
            "重庆星河科技有限公司", "重庆市九龙坡区月光餐饮有限责任公司", "蓝天物流有限公司", "蓝天物流有限公司",
            "九龙坡区大树小面馆",
        ],
        "address": [
            "重庆市九龙坡区科园一路12号3-1", "石桥铺正街5号", "杨家坪西郊路1号", "陈家坪2号", "石坪桥横街9号",
        ],
    }
)  # fmt: skip
Row = tuple[str | None, str | None, str | None]
VALID_BUT_UNKNOWN = "92500107MA5DEM0206"


def frame(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows), schema={"uscc": pl.String, "name": pl.String, "address": pl.String}, orient="row"
    )


def matched(*rows: Row, decisions: pl.DataFrame | None = None) -> list[tuple[Any, ...]]:
    found = Cascade(MASTER, decisions).match(frame(*rows))
    assert found.columns == ["enterprise", "method", "score_bp", "probable"]
    assert found.height == len(rows)
    return found.rows()


def decided(*rows: tuple[str, str, str, int | None, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=DECISIONS, orient="row")


def test_a_code_decides_whatever_the_name_says() -> None:
    for written in (CODE, " 91500116559000837h ", "９１５００１１６５５９０００８３７Ｈ"):
        assert matched((written, "完全另一个名字", None)) == [(STAR, "uscc", 10_000, False)]


@pytest.mark.parametrize(
    "code", [CODE[:17] + "J", CODE[:17], CODE.replace("0", "O"), CODE[:9] + "7" + CODE[10:]]
)
def test_a_damaged_code_is_repaired_where_the_name_agrees(code: str) -> None:
    assert matched((code, "星河科技有限责任公司", None)) == [(STAR, "code_repaired", 9_500, False)]


def test_a_damaged_code_alone_links_nothing() -> None:
    assert matched((CODE[:17] + "J", "别的名字有限公司", None))[0][0] is None


def test_a_unique_name_is_probable_only() -> None:
    assert matched((None, "重庆市星河科技有限责任公司", None)) == [(STAR, "name", 8_000, True)]
    assert matched(("无", "月光餐饮公司", None)) == [(MOON, "name", 7_700, True)]


def test_a_far_damaged_code_counts_against_the_name() -> None:
    far = "91500107XXXXXXXX11"
    assert matched((far, "重庆星河科技有限公司", None)) == [(STAR, "name", 7_000, True)]
    assert matched((far, "重庆星河科技有限公司", "科园一路12号")) == [(STAR, "name_address", 8_200, True)]


def test_a_name_of_two_needs_the_address() -> None:
    assert matched((None, "蓝天物流有限公司", None)) == [(None, "ambiguous", 0, False)]
    assert matched((None, "蓝天物流有限公司", "九龙坡区杨家坪西郊路1号附2号")) == [
        (SKY, "name_address", 9_200, False)
    ]
    assert matched((None, "蓝天物流有限公司", "别处3号")) == [(None, "ambiguous", 0, False)]


def test_another_legal_form_at_the_address_is_probable() -> None:
    assert matched((None, "星河科技", "科园一路12号")) == [(STAR, "name_address", 8_900, True)]


def test_a_similar_name_at_the_address_is_probable() -> None:
    [(enterprise, method, score, probable)] = matched((None, "大树小面食馆", "石坪桥横街9号1楼"))
    assert (enterprise, method, probable) == (TREE, "fuzzy_address", True)
    assert 6_800 <= score < 8_000
    assert matched((None, "大树小面食馆", "别处9号"))[0][:2] == (None, "none")
    assert matched((None, "大叔火锅店", "石坪桥横街9号"))[0][:2] == (None, "none")


def test_similar_names_with_other_numerals_are_other_enterprises() -> None:
    master = MASTER.with_columns(
        name=pl.when(pl.col("enterprise") == TREE).then(pl.lit("大树连锁小面馆第三分店")).otherwise("name")
    )
    found = Cascade(master).match(frame((None, "大树连锁小面馆第四分店", "石坪桥横街9号")))
    assert found.get_column("method").to_list() == ["none"]


def test_two_similar_names_at_one_address_are_ambiguous() -> None:
    twins = pl.DataFrame(
        {
            "enterprise": [6, 7],
            "uscc": ["91500107MA5TEXT99X", "91500107MA5TEXT98X"],
            "name": ["大树川味小面馆", "大树川味小面铺"],
            "address": ["石坪桥横街9号", "石坪桥横街9号"],
        }
    )
    row = frame((None, "大树川味小面馆铺", "石坪桥横街9号"))
    assert Cascade(pl.concat([MASTER, twins])).match(row).row(0) == (None, "ambiguous", 0, False)
    assert Cascade(pl.concat([MASTER, twins.head(1)])).match(row).row(0)[:2] == (6, "fuzzy_address")


@pytest.mark.parametrize("name", ["重庆星河科技有限公司", "大树小面馆", "大树小面食馆"])
def test_a_valid_code_that_is_unknown_is_never_matched_by_anything_weaker(name: str) -> None:
    rows = matched((VALID_BUT_UNKNOWN, name, "石坪桥横街9号"), (VALID_BUT_UNKNOWN, name, "科园一路12号"))
    assert rows == [(None, "unknown_code", 0, False)] * 2


def test_an_early_code_that_fails_its_check_is_found_when_it_is_registered() -> None:
    master = MASTER.with_columns(
        uscc=pl.when(pl.col("enterprise") == STAR).then(pl.lit("91350100M0001TGQXM")).otherwise("uscc")
    )
    found = Cascade(master).match(frame(("91350100M0001TGQXM", None, None)))
    assert found.row(0) == (STAR, "uscc", 10_000, False)


def test_nothing_is_found_by_nothing() -> None:
    assert (
        matched((None, None, None), ("", "", ""), (None, None, "科园一路12号"))
        == [(None, "none", 0, False)] * 3
    )


def test_a_master_with_one_code_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Cascade(pl.concat([MASTER, MASTER.head(1)]))


def test_order_is_kept_and_a_frame_without_addresses_is_enough() -> None:
    given = frame((None, "没有这家", None), (CODE, "x", None), (None, "星河科技有限公司", None)).drop(
        "address"
    )
    found = Cascade(MASTER).match(given)
    assert found.get_column("enterprise").to_list() == [None, STAR, STAR]
    assert Cascade(MASTER).match(given.clear()).height == 0


def test_decisions_hold_for_every_spelling_of_the_identity() -> None:
    said = decided(("", "蓝天物流有限公司", "", SKY_TOO, "link"))
    assert (
        matched((None, "蓝天物流有限责任公司", None), ("/", "蓝天 物流（有限公司）", ""), decisions=said)
        == [(SKY_TOO, "decided", 10_000, False)] * 2
    )
    assert matched((None, "蓝天物流有限公司", "西郊路1号"), decisions=said)[0][1] != "decided"


def test_a_person_may_link_a_valid_code_that_the_master_does_not_have() -> None:
    said = decided((VALID_BUT_UNKNOWN, "大树小面馆", "", TREE, "link"))
    assert matched((VALID_BUT_UNKNOWN, "大树小面馆", None), decisions=said) == [
        (TREE, "decided", 10_000, False)
    ]


def test_two_slips_in_a_code_are_too_many() -> None:
    two = CODE[:9] + "7" + CODE[10:12] + "7" + CODE[13:]
    assert matched((two, "重庆星河科技有限公司", None)) == [(STAR, "name", 7_000, True)]


def test_the_best_of_similar_names_must_be_clearly_ahead() -> None:
    long = "大树川味小面馆连锁经营管理服务中心总部店铺"
    rivals = pl.DataFrame(
        {
            "enterprise": [6, 7],
            "uscc": ["91500107MA5TEXT99X", "91500107MA5TEXT98X"],
            "name": [long[:-2] + "甲" + long[-1], long[:-2] + long[-1]],
            "address": ["石坪桥横街9号", "石坪桥横街9号"],
        }
    )
    scores = [similarity_bp(long, name) for name in rivals.get_column("name")]
    assert 0 < scores[1] - scores[0] < 300
    row = frame((None, long, "石坪桥横街9号"))
    assert Cascade(pl.concat([MASTER, rivals])).match(row).row(0)[1] == "ambiguous"
    assert Cascade(pl.concat([MASTER, rivals.tail(1)])).match(row).row(0)[0] == 7


def test_a_refused_candidate_is_not_offered_again_and_others_are() -> None:
    said = decided(("", "蓝天物流有限公司", "", SKY, "no"))
    assert matched((None, "蓝天物流有限公司", None), decisions=said) == [(SKY_TOO, "name", 8_000, True)]
    both = decided(("", "蓝天物流有限公司", "", SKY, "no"), ("", "蓝天物流有限公司", "", SKY_TOO, "no"))
    assert matched((None, "蓝天物流有限公司", None), decisions=both) == [(None, "refused", 0, False)]
    damaged = decided((CODE[:17] + "J", "重庆星河科技有限公司", "", STAR, "no"))
    assert matched((CODE[:17] + "J", "重庆星河科技有限公司", None), decisions=damaged)[0][:2] == (
        None,
        "refused",
    )


def test_what_a_person_called_new_is_new_until_it_is_registered() -> None:
    said = decided((VALID_BUT_UNKNOWN, "新来有限公司", "", None, "new"))
    row = (VALID_BUT_UNKNOWN, "新来有限公司", None)
    assert matched(row, decisions=said) == [(None, "new", 0, False)]
    registered = pl.DataFrame([(9, row[0], "y", None)], schema=MASTER.schema, orient="row")
    master = pl.concat([MASTER, registered])
    assert Cascade(master, said).match(frame(row)).row(0) == (9, "uscc", 10_000, False)


def test_the_queue_gets_probable_ambiguous_and_unknown_with_their_candidates() -> None:
    rows = frame(
        (None, "蓝天物流有限公司", None), (None, "蓝天物流有限公司", None), (CODE, "x", None), (None, "没有这家", None),
        (None, "星河科技有限公司", None), (VALID_BUT_UNKNOWN, "新来有限公司", None),
    )  # fmt: skip
    _, asked = Cascade(MASTER).review(rows)
    found = asked.select("kind", "rows", "enterprise").rows()
    assert found == [
        ("ambiguous", 2, SKY),
        ("ambiguous", 2, SKY_TOO),
        ("probable", 1, STAR),
        ("unknown_code", 1, None),
    ]


def test_similarity_counts_characters_in_whole_basis_points() -> None:
    assert similarity_bp("大树面馆", "大树面馆") == 10_000
    assert similarity_bp("大树面馆", "大树") == 6_666
    assert similarity_bp("", "") == 0


# -- size


def random_code(rng: random.Random) -> str:
    return "91500107MA5" + "".join(rng.choice(ALPHABET) for _ in range(6))


def big_master(count: int, rng: random.Random) -> pl.DataFrame:
    """A district: a quarter of the enterprises at 40 cluster addresses, names of four characters that often collide."""
    signs = "星河月光蓝天大树高山流水金玉满堂春夏秋冬东西南北"
    bodies = pl.DataFrame({"t": list({random_code(rng) for _ in range(count + 50)})[:count]})
    uscc = bodies.select(pl.col("t") + check_character(pl.col("t"))).to_series()
    names = [
        "重庆"
        + "".join(rng.choice(signs) for _ in range(4))
        + rng.choice(["科技", "商贸", "餐饮"])
        + "有限公司"
        for _ in range(count)
    ]
    addresses = [
        f"集群大道{rng.randrange(1, 41)}号" if rng.random() < 0.25 else f"第{rng.randrange(2000)}路{rng.randrange(1, 300)}号"
        for _ in range(count)
    ]  # fmt: skip
    return pl.DataFrame(
        {"enterprise": list(range(1, count + 1)), "uscc": uscc, "name": names, "address": addresses}
    )


def messy(master: pl.DataFrame, rows: int, rng: random.Random) -> pl.DataFrame:
    """Rows without any usable code, one in two with a character too many in its name."""
    picked = [master.row(rng.randrange(master.height), named=True) for _ in range(rows)]
    return pl.DataFrame(
        {
            "uscc": [None] * rows,
            "name": [
                p["name"][:5] + "新" + p["name"][5:] if n % 2 else p["name"] for n, p in enumerate(picked)
            ],
            "address": [p["address"] for p in picked],
        },
        schema={"uscc": pl.String, "name": pl.String, "address": pl.String},
    )


def test_comparisons_grow_with_the_rows_and_not_with_rows_times_subjects() -> None:
    counted = {}
    for count, rows in ((2_000, 2_000), (8_000, 2_000), (8_000, 8_000)):
        rng = random.Random(7)
        master = big_master(count, rng)
        cascade = Cascade(master)
        cascade.match(messy(master, rows, rng))
        counted[count, rows] = cascade.comparisons
        assert cascade.comparisons <= rows * 12
    assert counted[8_000, 8_000] <= counted[8_000, 2_000] * 5
    assert counted[8_000, 2_000] <= counted[2_000, 2_000] * 5


def test_a_name_that_everybody_has_is_no_key() -> None:
    rng = random.Random(3)
    master = big_master(BLOCK_LIMIT + 1, rng).with_columns(
        name=pl.lit("小吃店"), address=pl.lit("集群大道1号")
    )
    cascade = Cascade(master)
    found = cascade.match(frame(*[(None, "小吃店", "集群大道1号")] * 100))
    assert set(found.get_column("method")) == {"none"}
    assert cascade.comparisons == 0
