"""R12: no liquidated damages on the worker outside training and confidentiality (劳动合同法 art. 25)."""

from __future__ import annotations

from api.econtract.model import Case, Finding
from api.econtract.rules import free_text
from api.econtract.rules.free_text import pattern

LAW = "《劳动合同法》第二十五条"

_WORKER = "(乙方|劳动者|员工|职工|本人)"
_LAWFUL = (
    "培训|服务期|竞业|保密|商业秘密|秘密|不得|不需|无需|无须|不必|不承担|不用|不应|不支付|没有|无效|甲方(应|须|要|向)|用人单位应"
    "|甲方违|甲方未|甲方拖欠|依法"
)

PATTERNS = (
    pattern(
        "penalty-for-leaving",
        _WORKER + "?.{0,24}(离职|辞职|解除(劳动)?合同|提前解约|提前走|跳槽|不干|离开).{0,20}"
        "(支付|赔偿|承担|缴纳|扣除|赔付|交).{0,14}(违约金|违约赔偿|罚金|罚款|[0-9一二三四五六七八九十两]+个月工资|[0-9,.]+ ?元)",
        _LAWFUL,
        blocks=True,
    ),
    pattern(
        "penalty-named",
        _WORKER + ".{0,24}(支付|承担|缴纳|交纳|赔付|交).{0,12}违约金",
        _LAWFUL,
        blocks=True,
    ),
    pattern(
        "fine-on-worker",
        _WORKER
        + "?.{0,20}(迟到|早退|旷工|违纪|违反(规章)?制度|打架|完不成|未完成).{0,20}(罚款|罚金|扣(罚|除).{0,8}元)",
        _LAWFUL,
        blocks=False,
    ),
)


def check(case: Case) -> list[Finding]:
    """Findings for damages or fines that the worker would owe."""
    return free_text.findings(
        case.terms,
        PATTERNS,
        rule="R12",
        law=LAW,
        zh="除专项培训服务期和保密、竞业限制外，不得约定由劳动者承担违约金。",
        en="a worker can owe liquidated damages only for a training service period, secrecy or non-compete.",
    )
