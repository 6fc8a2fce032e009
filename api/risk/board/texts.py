"""Texts of the board: errors, names of colours, steps, sections of the economy, reports."""

from __future__ import annotations

from api.infra.i18n import N_
from api.risk.board.model import Step

TEXTS: dict[str, tuple[str, str]] = {
    "risk.towns_changed": (
        "镇街表刚刚被别人改过（现为第 {newest} 版），您的修改没有保存。请打开最新一版，再改一次。",
        "Somebody has just changed the table of towns (it is edition {newest} now); your changes are not saved. "
        "Open the newest edition and enter them again.",
    ),
    "risk.town_code": (
        "“{town}”不是九位数字的镇街代码。",
        "“{town}” is not a town's code; it has nine digits.",
    ),
    "risk.town_twice": (
        "代码 {town} 写了两次，请删掉一行。",
        "Code {town} is there twice; delete one of the rows.",
    ),
    "risk.town_place": (
        "{town} 的位置不对：列从 1 到 {columns}，行从 1 到 {rows}。",
        "The place of {town} is wrong: columns run from 1 to {columns}, rows from 1 to {rows}.",
    ),
    "risk.town_place_taken": (
        "{town} 和 {other} 占了同一个格子，请改其中一个的列或行。",
        "{town} and {other} lie on the same tile; change the column or row of one of them.",
    ),
    "risk.town_text": (
        "这里要写 1 至 {most} 个字，不能有换行等控制字符。",
        "Write 1 to {most} characters here, without line breaks or other control characters.",
    ),
    "risk.town_number": (
        "镇街表要有 1 至 {most} 行。",
        "The table of towns has 1 to {most} rows.",
    ),
    "risk.town_start": (
        "生效日期应在 2000 年至 2099 年之间。",
        "The first day lies between 2000 and 2099.",
    ),
    "risk.month_not_over": (
        "{month} 还没有过完，只能看当前情况或已过完的月份。",
        "{month} is not over yet; look at the present, or at a month that is over.",
    ),
}

COLOUR_NAMES = {"red": N_("红色"), "orange": N_("橙色"), "yellow": N_("黄色"), "blue": N_("蓝色")}
COLOUR_SHORT = {"red": N_("红"), "orange": N_("橙"), "yellow": N_("黄"), "blue": N_("蓝")}
TONES = ("success", "info", "warning", "caution", "danger")

SHOWN = N_(
    "人们在月末看到的等级（本月为现在），取自等级变动记录：升级立即显示，降级要等连续若干月（见规则集）或销号。镇街按企业现在的归属。"
)
COMPUTED = N_("当月评估只凭当月数据算出的等级，不看以前，所以会与显示等级不同。")
"""What the two trends of grades count."""

STEP_NAMES = {
    Step.ISSUED: N_("签发预警"),
    Step.SIGNED: N_("签收"),
    Step.VERIFIED: N_("核查"),
    Step.ACTED: N_("首次处置"),
    Step.FEEDBACK: N_("反馈"),
    Step.CLOSED: N_("销号"),
}

SOURCE_STATES = {"due": N_("宽限期内"), "stale": N_("已过承诺期"), "never": N_("从未报送")}
RUN_KINDS = {"monthly": N_("月度评估"), "daily": N_("每日评估")}

SECTIONS = {
    "A": N_("农、林、牧、渔业"), "B": N_("采矿业"), "C": N_("制造业"), "D": N_("电力、热力、燃气及水生产和供应业"),
    "E": N_("建筑业"), "F": N_("批发和零售业"), "G": N_("交通运输、仓储和邮政业"), "H": N_("住宿和餐饮业"),
    "I": N_("信息传输、软件和信息技术服务业"), "J": N_("金融业"), "K": N_("房地产业"), "L": N_("租赁和商务服务业"),
    "M": N_("科学研究和技术服务业"), "N": N_("水利、环境和公共设施管理业"), "O": N_("居民服务、修理和其他服务业"),
    "P": N_("教育"), "Q": N_("卫生和社会工作"), "R": N_("文化、体育和娱乐业"), "S": N_("公共管理、社会保障和社会组织"),
    "T": N_("国际组织"),
}  # fmt: skip
"""Sections of GB/T 4754-2017."""
