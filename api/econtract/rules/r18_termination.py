"""R18: no agreed end of the contract beyond the law's list (实施条例 art. 13; 劳动合同法 arts. 39–41, 44)."""

from __future__ import annotations

from api.econtract.model import Case, Finding
from api.econtract.rules import free_text
from api.econtract.rules.free_text import pattern

LAW = "《劳动合同法实施条例》第十三条、《劳动合同法》第四十四条"

_LAWFUL = (
    "期满|届满|死亡|失踪|破产|吊销|退休|养老保险待遇|依法|法律|法规|第[一二三四五六七八九十]+条|任务完成|工作完成|"
    "不得|不因|不自动|续订|续签|自动续|劳动者可以|乙方可以|乙方有权|无效|不能"
)

PATTERNS = (
    pattern(
        "ends-by-itself",
        "(合同|劳动关系|聘用)(即|即行|即时|自动|自行|随即|立即)(自动)?(终止|解除|失效)",
        _LAWFUL,
        blocks=True,
    ),
    pattern(
        "deemed-resigned",
        "(视为|视作|按|当作)(乙方|劳动者|员工|本人)?(自动|主动|自行)?(离职|辞职|解除劳动合同|解除合同)",
        _LAWFUL,
        blocks=False,
    ),
    pattern(
        "at-will",
        "(甲方|公司|单位|用人单位)(有权|可以|可|得)?(随时|无条件|任意|单方(面)?随时|不需理由|无需理由).{0,6}(解除|终止|辞退|解聘)",
        _LAWFUL + "|书面通知乙方后",
        blocks=True,
    ),
    pattern(
        "ranked-last",
        "(末位|排名(最后|末|靠后)|业绩不达标|考核不合格|未完成(销售|业绩|任务)).{0,16}(解除|终止|辞退|淘汰|离开|解聘)",
        _LAWFUL + "|培训|调整(工作)?岗位|调岗",
        blocks=False,
    ),
)


def check(case: Case) -> list[Finding]:
    """Findings for ends of the contract that the law doesn't know."""
    return free_text.findings(
        case.terms,
        PATTERNS,
        rule="R18",
        law=LAW,
        zh="不得在法律规定的情形之外约定劳动合同的解除、终止条件。",
        en="a contract can't agree on ends beyond those that the law lists.",
    )
