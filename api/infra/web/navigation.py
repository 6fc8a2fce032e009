"""Who sees which entrances: one table for the platform; an entry shows only where its path is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from api.infra.auth import Principal
from api.infra.i18n import N_

EMPLOYER = frozenset({"representative", "agent"})
EVERYONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """One link of the navigation; no roles means everybody who is signed in."""

    path: str
    label: str
    roles: frozenset[str]


OFFICER = frozenset({"review_officer"})
READER = frozenset({"regulator", "court", "auditor"})
OPERATOR = frozenset({"operator"})
STAFF = EMPLOYER | OFFICER | READER | OPERATOR

ENTRIES: tuple[Entry, ...] = (
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
    Entry("/court", N_("司法链查询"), frozenset({"regulator", "court"})),
    Entry("/operator", N_("运行状态"), OPERATOR),
    Entry("/operator/messages", N_("消息投递"), OPERATOR),
    Entry("/operator/accounts", N_("账号管理"), OPERATOR),
    Entry("/operator/audit", N_("审计记录"), OPERATOR),
    Entry("/network", N_("链治理"), READER | OPERATOR),
    Entry("/erasures", N_("到期清除"), frozenset({"operator", "regulator", "auditor"})),
    Entry("/parameters", N_("参数"), OPERATOR),
    Entry("/me", N_("我的合同"), frozenset({"worker"})),
    Entry("/messages", N_("我的消息"), STAFF),
    Entry("/verify", N_("核验证据包"), EVERYONE),
    Entry("/account/security", N_("账号安全"), STAFF),
    Entry("/help", N_("帮助"), EVERYONE),
)


@dataclass(frozen=True)
class Link:
    """An entry as a page shows it."""

    href: str
    label: str
    current: bool


def links(
    entries: Iterable[Entry], served: Callable[[str], bool], principal: Principal, path: str
) -> list[Link]:
    """The entries for this principal, with the longest path that leads to the present page marked current."""
    shown = [e for e in entries if served(e.path) and (not e.roles or principal.has(*e.roles))]
    leading = (e.path for e in shown if path == e.path or path.startswith(e.path + "/"))
    here = max(leading, key=len, default="")
    return [Link(e.path, e.label, e.path == here) for e in shown]
