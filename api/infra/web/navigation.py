"""Who sees which entrances: one table for the platform; an entry shows only where its path is served.

The table is in the order of the menus, by headings. Who has few entries sees them without headings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from api.infra.auth import Principal
from api.infra.i18n import N_

EMPLOYER = frozenset({"representative", "agent"})
EVERYONE: frozenset[str] = frozenset()


FLAT = 11
"""A menu of up to so many links stands without headings: an agent of an employer has ten, a court twelve."""


@dataclass(frozen=True)
class Entry:
    """One link of the navigation; no roles means everybody who is signed in.

    `beside` are pages that belong to it without standing below its path.
    """

    path: str
    label: str
    roles: frozenset[str]
    beside: tuple[str, ...] = ()

    def leads_to(self, path: str) -> int:
        """How much of `path` this entry explains, in characters; 0 where it leads elsewhere."""
        return max(
            (len(own) for own in (self.path, *self.beside) if path == own or path.startswith(own + "/")),
            default=0,
        )


OFFICER = frozenset({"review_officer"})
READER = frozenset({"regulator", "court", "auditor"})
REGULATOR = frozenset({"regulator"})
OPERATOR = frozenset({"operator"})
RISK = frozenset({"risk_analyst", "risk_director"})
WATCH = RISK | frozenset({"regulator", "auditor"})
STREET = frozenset({"street_officer"})
STAFF = EMPLOYER | OFFICER | READER | OPERATOR | RISK | STREET

MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        N_("平台运行"),
        (
            Entry("/operator", N_("运行状态"), OPERATOR),
            Entry("/operator/messages", N_("消息投递"), OPERATOR),
            Entry("/operator/accounts", N_("账号管理"), OPERATOR),
            Entry("/operator/audit", N_("审计记录"), OPERATOR),
            Entry("/parameters", N_("参数"), OPERATOR),
        ),
    ),
    (
        N_("电子合同"),
        (
            Entry("/agent/contracts", N_("劳动合同"), EMPLOYER),
            Entry("/agent/contracts/new", N_("起草合同"), EMPLOYER),
            Entry("/employer", N_("本单位"), EMPLOYER),
            Entry("/employer/agents", N_("经办人"), frozenset({"representative"})),
            Entry("/employer/wallet", N_("我的钱包"), EMPLOYER),
            Entry("/employer/seal", N_("单位印章"), EMPLOYER),
            Entry("/review", N_("单位审核"), OFFICER),
            Entry("/people-review", N_("人员核验"), OFFICER),
            Entry("/supervision", N_("链上监管"), READER),
            Entry("/supervision/contracts", N_("合同查询"), READER),
            Entry("/supervision/organisations", N_("单位查询"), READER),
            Entry("/evidence", N_("调取证据"), frozenset({"regulator", "court"})),
            Entry("/erasures", N_("到期清除"), frozenset({"operator", "regulator", "auditor"})),
        ),
    ),
    (
        N_("风险预警"),
        (
            Entry("/employer/warnings", N_("风险提示"), EMPLOYER),
            Entry("/risk", N_("今日风险清单"), WATCH | STREET),
            Entry("/risk/board", N_("全区概览"), WATCH, ("/risk/trend", "/risk/index", "/risk/funnel")),
            Entry("/risk/map", N_("风险地图"), WATCH | STREET),
            Entry("/risk/runs", N_("评估记录"), WATCH, ("/risk/corrections",)),
            Entry("/risk/rule-sets", N_("规则集管理"), WATCH),
            Entry("/risk/backtests", N_("规则回测"), WATCH, ("/risk/shadows",)),
            Entry("/risk/towns", N_("镇街表"), OPERATOR | frozenset({"risk_director"})),
        ),
    ),
    (
        N_("预警处置"),
        (
            Entry("/disposal", N_("处置案件"), RISK | STREET | OFFICER | REGULATOR),
            Entry("/decisions", N_("预警决定签名"), RISK | OFFICER),
            Entry("/disposal/command", N_("应急指挥"), RISK | OFFICER | REGULATOR),
            Entry("/disposal/measures", N_("命中率"), RISK | OFFICER | REGULATOR),
            Entry("/disposal/units", N_("处置单位"), OPERATOR),
            Entry("/disposal/posts", N_("岗位和代理"), OPERATOR),
        ),
    ),
    (
        N_("部门数据"),
        (
            Entry("/exchange", N_("数据报送"), RISK | OPERATOR | OFFICER | REGULATOR),
            Entry("/exchange/quarantine", N_("隔离数据"), RISK | OPERATOR | OFFICER | REGULATOR),
            Entry("/exchange/reviews", N_("主体比对"), WATCH | OPERATOR),
            Entry("/exchange/freshness", N_("数据时效"), WATCH | OPERATOR),
            Entry("/exchange/datasets", N_("数据目录"), WATCH | OPERATOR | OFFICER),
            Entry("/exchange/shares", N_("数据共享"), RISK | OPERATOR | OFFICER | READER),
            Entry("/exchange/sources", N_("自动取数"), OPERATOR),
            Entry("/exchange/officers", N_("数据报送员"), OPERATOR),
        ),
    ),
    (
        N_("链上存证"),
        (
            Entry("/decisions/chain", N_("链上预警决定"), READER),
            Entry("/court", N_("司法链查询"), frozenset({"regulator", "court"})),
            Entry("/network", N_("链治理"), READER | OPERATOR),
        ),
    ),
    (
        N_("个人"),
        (
            Entry("/me", N_("我的合同"), frozenset({"worker"})),
            Entry("/messages", N_("我的消息"), STAFF),
            Entry("/verify", N_("核验证据包"), EVERYONE),
            Entry("/account/security", N_("账号安全"), STAFF),
            Entry("/help", N_("帮助"), EVERYONE),
        ),
    ),
)


@dataclass(frozen=True)
class Link:
    """An entry as a page shows it, and the heading under which it stands in a long menu.

    `current`: the present page is this one or belongs to it; `exact`: it is this one.
    """

    href: str
    label: str
    current: bool
    exact: bool
    heading: str


@dataclass(frozen=True)
class Section:
    """Links under one heading; a short menu is one section without a heading."""

    heading: str
    links: tuple[Link, ...]

    @property
    def current(self) -> bool:
        """Whether the present page belongs to one of its links."""
        return any(link.current for link in self.links)


def links(
    menu: Iterable[tuple[str, Iterable[Entry]]],
    served: Callable[[str], bool],
    principal: Principal,
    path: str,
) -> list[Link]:
    """The entries for this principal, with the longest path that leads to the present page marked current."""
    shown = [
        (heading, entry)
        for heading, entries in menu
        for entry in entries
        if served(entry.path) and (not entry.roles or principal.has(*entry.roles))
    ]
    here = max((entry for _, entry in shown), key=lambda e: e.leads_to(path), default=None)
    if here is not None and not here.leads_to(path):
        here = None
    return [Link(e.path, e.label, e is here, e.path == path, heading) for heading, e in shown]


def sections(shown: Iterable[Link]) -> list[Section]:
    """A long menu by its headings, in the order of the table; a short one as a single section without heading."""
    every = list(shown)
    if len(every) <= FLAT:
        return [Section("", tuple(every))] if every else []
    return [Section(heading, tuple(of)) for heading, of in groupby(every, key=lambda link: link.heading)]
