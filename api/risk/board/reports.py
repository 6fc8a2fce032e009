"""Reports: the tables of the pages as they leave the house, in one language, with who took them, when and for what.

Spreadsheet, paper and audit are those of `api.infra.reports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.infra.i18n import N_, format_date, format_datetime, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table
from api.risk.board.model import (
    COLOURS,
    DistrictMap,
    Funnel,
    Group,
    Overview,
    RegionalIndex,
    Shade,
    Step,
    Tile,
    Trend,
)
from api.risk.board.rules import value_of
from api.risk.board.texts import (
    COLOUR_NAMES,
    COLOUR_SHORT,
    COMPUTED,
    RUN_KINDS,
    SECTIONS,
    SHOWN,
    SOURCE_STATES,
    STEP_NAMES,
)


def month_name(month: int | None) -> str:
    """2026-10."""
    return UNKNOWN if month is None else f"{month // 100}-{month % 100:02d}"


def tenths(value: int | None) -> str:
    """A number of tenths: 12.3."""
    return UNKNOWN if value is None else f"{value // 10}.{value % 10}"


def share(part: int, of: int) -> str:
    """A share as percentage with one decimal, half up."""
    return UNKNOWN if not of else f"{tenths((part * 2000 + of) // (2 * of))} %"


def signed(value: int | None) -> str:
    """A difference with its sign."""
    if not value:
        return UNKNOWN if value is None else "0"
    return f"{value:+,d}".replace("-", "−")


def _range(low: int, high: int, shade: Shade) -> str:
    if shade is Shade.SHARE:
        return f"{tenths(low)}–{tenths(high)}"
    return str(low) if low == high else f"{low}–{high}"


def group_name(found: RegionalIndex, group: str, lang: str) -> str:
    """Name of a town or of a section of the economy."""
    if not group:
        return translate(lang, N_("未登记"))
    if found.by is Group.TOWN:
        return found.edition.named(group, lang)
    known = SECTIONS.get(group)
    return f"{group} {translate(lang, known)}" if known else group


def map_report(found: DistrictMap, mark: Mark, lang: str) -> Report:
    """The table of the map, with its tiles."""

    def say(text: str, **facts: object) -> str:
        return translate(lang, text, **facts)

    heads = [
        say(N_("镇街")), say(N_("代码")), say(N_("管理单位")), say(N_("企业数")), say(N_("未销号预警")),
        *(say(COLOUR_NAMES[colour]) for colour in COLOURS), say(N_("等待签发")), say(N_("每千户")),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        [
            tile.town.name(lang) if tile.town else say(N_("不在表中的地区")), tile.town.code if tile.town else "",
            tile.town.administered_by if tile.town else "", UNKNOWN if tile.firms is None else tile.firms,
            tile.total, *tile.counts, tile.waiting, tenths(tile.tenths_per_thousand),
        ]
        for tile in found.all_tiles
    ]  # fmt: skip
    rows.append([say(N_("合计")), "", "", "", sum(found.counts), *found.counts, found.waiting, ""])
    when = (
        say(N_("%(month)s 月末的情况"), month=month_name(found.month))
        if found.month
        else say(N_("截至 %(at)s"), at=format_datetime(found.at, lang))
    )
    lead = say(N_("示意图，格子的位置不代表地理位置。%(when)s。"), when=when)
    place = COLOURS.index(found.colour) if found.colour else None

    def value(tile: Tile) -> str:
        number = value_of(tile, found.shade, place)
        return f"{number:,}" if found.shade is Shade.COUNT else tenths(number)

    def counted(tile: Tile) -> str:
        named = zip(COLOURS, tile.counts, strict=True)
        return "  ".join(f"{say(COLOUR_SHORT[colour])} {count}" for colour, count in named if count)

    tiles = [
        {
            "column": tile.town.column, "row": tile.town.row, "name": tile.town.name(lang), "level": tile.level,
            "value": value(tile), "counts": counted(tile),
        }
        for tile in found.tiles if tile.town
    ]  # fmt: skip
    legend = [(0, "0"), *((level, _range(low, high, found.shade)) for level, low, high in found.steps)]
    told = say(N_("未销号预警数")) if found.shade is Shade.COUNT else say(N_("每千户企业的预警数"))
    legend.append((-1, f"{told} · {say(COLOUR_NAMES[found.colour])}" if found.colour else told))
    table = Table(say(N_("各镇街未销号预警")), heads, rows)
    return Report(
        "map", lang, say(N_("全区风险地图")), lead, mark.text(lang), mark.day, [table], tiles, legend
    )


def trend_report(found: Trend, mark: Mark, lang: str) -> Report:
    """Enterprises per shown and per computed grade, warnings issued and closed, by month."""

    def say(text: str, **facts: object) -> str:
        return translate(lang, text, **facts)

    colours = [say(COLOUR_NAMES[colour]) for colour in COLOURS]

    def by_grade(counts: Sequence[int] | None) -> Iterable[Cell]:
        return (UNKNOWN,) * 5 if counts is None else reversed(counts[:5])

    shown: list[Sequence[Cell]] = [[month_name(row.month), *by_grade(row.shown)] for row in found.rows]
    firms: list[Sequence[Cell]] = [[month_name(row.month), *by_grade(row.firms)] for row in found.rows]
    moved: list[list[Sequence[Cell]]] = [
        [[month_name(row.month), *row.issued, sum(row.issued)] for row in found.rows],
        [[month_name(row.month), *row.closed, sum(row.closed)] for row in found.rows],
    ]
    where = found.edition.named(found.town, lang) if found.town else say(N_("全部可见地区"))
    heads = [say(N_("月份"))]
    counted = [*heads, *colours, say(N_("合计"))]
    tables = [
        Table(say(N_("各显示等级企业数")), [*heads, *colours, say(N_("无"))], shown, note=say(SHOWN)),
        Table(say(N_("各计算等级企业数")), [*heads, *colours, say(N_("无"))], firms, note=say(COMPUTED)),
        Table(say(N_("每月签发的预警")), counted, moved[0]),
        Table(say(N_("每月销号的预警")), counted, moved[1]),
    ]
    lead = say(N_("%(where)s。显示等级和计算等级分开统计；预警按其最高等级统计。"), where=where)
    return Report("trend", lang, say(N_("风险趋势")), lead, mark.text(lang), mark.day, tables)


def index_report(found: RegionalIndex, mark: Mark, lang: str) -> Report:
    """Mean score, shares per colour and change of every group."""

    def say(text: str, **facts: object) -> str:
        return translate(lang, text, **facts)

    first = say(N_("镇街")) if found.by is Group.TOWN else say(N_("行业"))
    heads = [
        first, say(N_("企业数")), say(N_("平均得分")), say(N_("比上季")),
        *(say(COLOUR_NAMES[colour]) for colour in COLOURS),
    ]  # fmt: skip
    groups = [*([found.whole] if found.whole else []), *found.groups]
    rows: list[Sequence[Cell]] = [
        [
            say(N_("合计")) if group is found.whole else group_name(found, group.group, lang), group.firms, group.mean,
            signed(group.change), *(share(group.counts[grade], group.firms) for grade in (4, 3, 2, 1)),
        ]
        for group in groups
    ]  # fmt: skip
    line: list[Sequence[Cell]] = [[month_name(month), mean] for month, mean in found.line]
    tables = [
        Table(say(N_("发展态势")), heads, rows),
        Table(say(N_("各月平均得分")), [say(N_("月份")), say(N_("平均得分"))], line),
    ]
    lead = say(
        N_("%(month)s。平均得分按职工人数加权，0 至 10,000，越高风险越大；比上季为与三个月前之差。"),
        month=month_name(found.month),
    )
    return Report("index", lang, say(N_("区域发展态势")), lead, mark.text(lang), mark.day, tables)


def funnel_report(found: Funnel, mark: Mark, lang: str) -> Report:
    """Cases by step and colour, and by unit."""

    def say(text: str, **facts: object) -> str:
        return translate(lang, text, **facts)

    steps = [say(STEP_NAMES[step]) for step in Step]
    late = say(N_("超期未办"))
    by_colour: list[Sequence[Cell]] = [
        [say(COLOUR_NAMES[colour]), *(found.reached(step, grade) for step in Step), found.late(None, grade)]
        for colour, grade in zip(COLOURS, (4, 3, 2, 1), strict=True)
    ]
    by_colour.append([say(N_("合计")), *(found.reached(step) for step in Step), found.late()])
    by_unit: list[Sequence[Cell]] = [
        [
            line.unit_name(lang),
            *(found.reached(step, None, line.unit) for step in Step),
            found.late(None, None, line.unit),
        ]
        for line in found.units()
    ]
    tables = [
        Table(say(N_("按颜色")), [say(N_("颜色")), *steps, late], by_colour),
        Table(say(N_("按承办单位")), [say(N_("承办单位")), *steps, late], by_unit),
    ]
    lead = say(
        N_("%(first)s 至 %(last)s 签发的预警，截至导出时到达各环节的件数。"),
        first=month_name(found.first), last=month_name(found.last),
    )  # fmt: skip
    return Report("funnel", lang, say(N_("处置漏斗")), lead, mark.text(lang), mark.day, tables)


def overview_report(found: Overview, mark: Mark, lang: str, grades: Sequence[str]) -> Report:
    """What the director sees first. grades: names of the shown grades none, blue … red, insufficient (message ids)."""

    def say(text: str, **facts: object) -> str:
        return translate(lang, text, **facts)

    opened: list[Sequence[Cell]] = [
        [say(COLOUR_NAMES[colour]), count] for colour, count in zip(COLOURS, found.map.counts, strict=True)
    ]
    opened.append([say(N_("等待签发")), found.map.waiting])
    tables = [Table(say(N_("未销号预警")), [say(N_("颜色")), say(N_("未销号预警数"))], opened)]
    notes, facts = [], []
    if found.last_run:
        kind, day, finished = found.last_run
        text = say(N_("最近一次%(kind)s截至 %(day)s"), kind=say(RUN_KINDS[kind]), day=format_date(day, lang))
        notes.append(text if finished else f"{text} · {say(N_('没有完成'))}")
    if found.cases is None:
        notes.append(say(N_("这个安装没有预警处置，所以没有数据。")))
    else:
        rows: list[Sequence[Cell]] = [[say(N_("在办")), found.cases.number]]
        for step in list(Step)[1:]:
            rows.append([say(N_("%(step)s超期"), step=say(STEP_NAMES[step])), found.cases.late.get(step, 0)])
        tables.append(Table(say(N_("处置超期")), [say(N_("环节")), say(N_("件数"))], rows))
    if found.confirmed and found.confirmed.bp is not None:
        hits = found.confirmed
        interval = f"{share(hits.low, 10000)} – {share(hits.high, 10000)}"
        facts.append(
            (
                say(N_("命中率")),
                f"{share(hits.hits, hits.total)} ({hits.hits:,} / {hits.total:,}; 95 %: {interval})",
            )
        )
    if found.sources:
        notes.append(
            say(
                N_("按时 %(fresh)s 项，将到期 %(due)s 项，已过期 %(stale)s 项，从未报送 %(never)s 项。"),
                fresh=found.sources.fresh, due=found.sources.due, stale=found.sources.stale, never=found.sources.never,
            )
        )  # fmt: skip
        if found.sources.unknown:
            points = (", " if lang == "en" else "、").join(found.sources.unknown)
            facts.append((say(N_("因数据不新而未知的控制点")), points))
        worst: list[Sequence[Cell]] = [
            [
                one.en if lang == "en" else one.zh, one.owner_en if lang == "en" else one.owner_zh,
                say(SOURCE_STATES[one.state]), format_date(one.covered_end, lang),
            ]
            for one in found.sources.worst
        ]  # fmt: skip
        if worst:
            heads = [say(N_("数据集")), say(N_("部门")), say(N_("状态")), say(N_("数据截止"))]
            tables.append(Table(say(N_("数据时效")), heads, worst, (1, 2, 3), (3, 3, 2, 2)))
    total = sum(found.standing)
    standing: list[Sequence[Cell]] = [
        [say(grades[grade]), found.standing[grade], share(found.standing[grade], total)]
        for grade in (4, 3, 2, 1, 0, 5)
    ]
    standing.append([say(N_("合计")), total, ""])
    heads = [say(N_("等级")), say(N_("企业数")), say(N_("占比"))]
    tables.append(Table(say(N_("全区企业按显示等级")), heads, standing))
    lead = say(N_("截至 %(at)s"), at=format_datetime(found.at, lang))
    return Report(
        "overview", lang, say(N_("全区概览")), lead, mark.text(lang), mark.day, tables, facts=facts, notes=notes,
        upright=True,
    )  # fmt: skip
