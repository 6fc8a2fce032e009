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
    group: str = ""


ENTRIES: tuple[Entry, ...] = (
    Entry("/agent/contracts", N_("劳动合同"), EMPLOYER),
    Entry("/agent/contracts/new", N_("起草合同"), EMPLOYER),
    Entry("/employer", N_("本单位"), EMPLOYER),
    Entry("/employer/agents", N_("经办人"), EMPLOYER),
    Entry("/review", N_("单位审核"), frozenset({"review_officer"})),
    Entry("/people-review", N_("人员核验"), frozenset({"review_officer"})),
    Entry("/supervision", N_("链上监管"), frozenset({"regulator", "court", "auditor"})),
    Entry("/operator", N_("运行状态"), frozenset({"operator"})),
    Entry("/parameters", N_("参数"), frozenset({"operator"})),
    Entry("/me", N_("我的合同"), frozenset({"worker"})),
    Entry("/verify", N_("核验证据包"), EVERYONE),
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
