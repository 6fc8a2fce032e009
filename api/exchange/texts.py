"""Error texts of the slice, and what each rule says to people, in Chinese and English."""

from __future__ import annotations

from api.exchange.freshness.texts import TEXTS as FRESHNESS
from api.exchange.matching.texts import TEXTS as MATCHING
from api.exchange.sharing.texts import TEXTS as SHARING
from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    **MATCHING,
    **SHARING,
    **FRESHNESS,
    "exchange.dataset_unknown": (
        "没有这个数据集，或者它不归您所在部门报送。",
        "No such dataset among those that you send.",
    ),
    "exchange.batch_unknown": ("没有这个批次，或者您无权查看。", "There is no such batch that you may see."),
    "exchange.not_an_officer": (
        "您的账号还没有指定为任何部门的数据报送员，请联系管理员。",
        "Your account does not send data for any department yet: ask the operator.",
    ),
    "exchange.owner_unknown": ("没有这个部门代码。", "There is no department of that code."),
    "exchange.period_reversed": ("数据期间的起始日晚于截止日。", "The data period ends before it begins."),
    "exchange.reason_missing": ("请写明原因。", "Please give a reason."),
    "exchange.row_settled": ("这一行已经处理过了。", "This row has been settled already."),
    "exchange.row_still_wrong": ("这一行还有问题：{reasons}。", "The row is still wrong: {reasons}."),
    "exchange.batch_over": (
        "批次当前状态为“{state}”，不能这样操作。",
        "The batch is in state “{state}”: this cannot be done now.",
    ),
    "exchange.changed_meanwhile": (
        "同一数据集刚刚有别的批次提交，请重试。",
        "Another batch of this dataset was committed this moment: try again.",
    ),
    "exchange.file_changed": (
        "已接收的数据文件与登记的摘要不符：{path}。请立即联系管理员。",
        "An accepted file does not have its recorded digest: {path}. Tell the operator at once.",
    ),
    "exchange.file_format_unknown": (
        "不认识的文件格式，可以使用：{known}。",
        "The file's format is not known; these are: {known}.",
    ),
    "exchange.file_other_format": (
        "文件内容是 {actual}，文件名却是 {name}。请改正文件名后重新发送。",
        "The file is {actual} but is named {name}: rename it and send it again.",
    ),
    "exchange.file_too_large": (
        "文件超过 {limit} 字节的上限，请分批发送。",
        "The file is over {limit} bytes: send it in parts.",
    ),
    "exchange.file_too_large_unpacked": (
        "表格解压后过大，不予处理。",
        "The workbook is too large when unpacked and is not read.",
    ),
    "exchange.file_too_many_rows": (
        "文件超过 {limit} 行，请分批发送。",
        "The file has more than {limit} rows: send it in parts.",
    ),
    "exchange.file_empty": ("文件是空的。", "The file is empty."),
    "exchange.file_without_rows": (
        "文件里没有数据行。事件类数据确实没有发生的，请注明数据期间。",
        "The file has no rows. If no event happened, state the data period.",
    ),
    "exchange.file_encoding": (
        "第 {offset} 字节起既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8 后重新发送。",
        "From byte {offset} on the file is neither UTF-8 nor GB18030: save it as UTF-8 and send it again.",
    ),
    "exchange.file_cut": (
        "文件不完整，可能在导出或传输时中断，请重新导出。",
        "The file is cut short: export it again.",
    ),
    "exchange.file_not_csv": (
        "不是有效的 CSV：引号没有成对，请重新导出。",
        "This is no valid CSV: a quotation mark is left open. Export it again.",
    ),
    "exchange.file_ragged": (
        "有的行比表头多出单元格，可能是内容里的逗号没有加引号。",
        "Some rows have more cells than the header: is a comma unquoted?",
    ),
    "exchange.file_short_line": (
        "第 {line} 行的单元格比表头少，请检查是否缺了分隔符。",
        "Line {line} has fewer cells than the header: is a separator missing?",
    ),
    "exchange.file_not_json": (
        "每一行必须是一个 JSON 对象，值为文本、整数、布尔或空。",
        "Each row must be a JSON object of plain values.",
    ),
    "exchange.file_column_type": (
        "列 {column} 的类型 {type} 不能读取。",
        "Column {column} is of type {type}, which is not read.",
    ),
    "exchange.file_sheets": (
        "工作簿有多个含数据的工作表（{sheets}），请只保留一个。",
        "The workbook has several sheets with data ({sheets}): keep one.",
    ),
    "exchange.file_merged": (
        "单元格 {cell} 是合并单元格，请取消合并并逐行填写。",
        "Cell {cell} is merged: unmerge it and fill every row.",
    ),
    "exchange.file_formula": (
        "单元格 {cell} 是公式，请粘贴为数值后重新发送。",
        "Cell {cell} is a formula: paste values and send it again.",
    ),
    "exchange.file_other_digest": (
        "收到的文件摘要是 {actual}，与您声明的不同，可能传输出错。",
        "The file that arrived has the digest {actual}, not the one you stated.",
    ),
    "exchange.file_other_rows": (
        "文件有 {found} 行，您声明的是 {expected} 行。",
        "The file has {found} rows, and you stated {expected}.",
    ),
    "exchange.file_mostly_wrong": (
        "有 {rows} 行不合格，超过 {limit} 行，整个文件不予接收。请核对是否选错了数据集。",
        "{rows} rows are wrong, more than {limit}: the file is refused as a whole. Is it of another dataset?",
    ),
    "exchange.columns_wrong": (
        "列名与模板不符。缺少：{missing}；多余：{unknown}；重复：{doubled}；可能是：{nearest}。",
        "The columns are not the template's. Missing: {missing}; unknown: {unknown}; twice: {doubled}; perhaps: {nearest}.",
    ),
    "exchange.sources_malformed": (
        "来源文件格式不对：{problem}。",
        "The file of sources is malformed: {problem}.",
    ),
    "exchange.storage_full": (
        "服务器存储空间不足，文件没有接收，请稍后重试或联系管理员。",
        "The server has no room left: nothing was accepted. Try again later or tell the operator.",
    ),
    "exchange.storage_low": (
        "服务器磁盘只剩 {free_mb} MB，已到保留的下限，文件没有接收。请联系管理员腾出空间后再发送，之前收到的数据不受影响。",
        "The server's disk has {free_mb} MB left, which are kept in reserve: nothing was accepted. Ask the operator to make "
        "room and send it again; what came before is safe.",
    ),
    "exchange.quota_used": (
        "本部门每天最多发送 {quota_mb} MB，今天已发送 {sent_mb} MB，这个文件会超出。"
        "请明天再发，或只发变化的部分，或请管理员调整限额。",
        "Your department may send {quota_mb} MB a day and has sent {sent_mb} MB today; this file would go beyond. Send it "
        "tomorrow, send only what changed, or ask the operator to raise the limit.",
    ),
    "exchange.check_broken_off": (
        "检查这个文件时后台连续中断了 {attempts} 次，已停止处理。请分成较小的文件再发送，并告诉管理员。",
        "Checking this file broke off {attempts} times in a row and was given up. Send it in smaller parts, and tell the "
        "operator.",
    ),
    "exchange.person_needed": (
        "这一步需要报送员本人登录办理，系统凭证不能代办。",
        "This step takes a person who is signed in: a system's credential cannot do it.",
    ),
    "exchange.credential_invalid": (
        "系统凭证无效、已到期或已停用。",
        "The credential is unknown, expired or revoked.",
    ),
    "exchange.credential_datasets": (
        "请选择同一部门的一个或多个数据集。",
        "Choose one or more datasets of one department.",
    ),
    "exchange.credential_days": ("有效天数应为 1 到 {longest}。", "The days must be from 1 to {longest}."),
    "exchange.credential_many": (
        "这个部门已有 {most} 个有效凭证，请先停用不用的。",
        "The department has {most} living credentials: end those that are not used.",
    ),
    "exchange.source_rhythm": (
        "间隔应为 {shortest} 到 {longest} 分钟。",
        "The interval must be from {shortest} to {longest} minutes.",
    ),
    "exchange.source_folder": (
        "文件夹要写绝对路径，文件名模式不能离开这个文件夹，也不需要查询语句。",
        "A folder is an absolute path, its pattern stays inside it, and it takes no query.",
    ),
    "exchange.source_url": (
        "不是可用的数据库地址（SQLAlchemy URL），或者没有安装对应的驱动。",
        "This is no usable database URL (SQLAlchemy), or its driver is not installed.",
    ),
    "exchange.source_query": (
        "只能写一条 SELECT 或 WITH 查询。",
        "Write one SELECT or WITH query.",
    ),
    "exchange.source_running": (
        "正在取数，请稍后再删除。",
        "It is being fetched this moment: remove it later.",
    ),
    "exchange.source_failed": (
        "来源 {source} 读取失败：{problem}。",
        "Source {source} could not be read: {problem}.",
    ),
}

RULE_TEXTS: dict[str, tuple[str, str]] = {
    "required": ("不能为空", "must not be empty"),
    "no_identity": ("统一社会信用代码和单位名称都为空", "both code and name are empty"),
    "not_integer": ("不是整数", "not a whole number"),
    "not_amount": (
        "不是金额，最多两位小数且不带分隔符",
        "not an amount: at most two decimals, no separators",
    ),
    "scientific_notation": (
        "被表格改成了科学计数法，请设为文本后重填",
        "turned into scientific notation by a spreadsheet",
    ),
    "too_large": ("数值大得不合理", "too large to be right"),
    "too_small": ("数值过小", "too small"),
    "negative": ("不能为负数", "must not be negative"),
    "not_a_date": ("不是日期，请写成 YYYY-MM-DD", "not a date: write YYYY-MM-DD"),
    "not_a_month": ("不是月份，请写成 YYYY-MM", "not a month: write YYYY-MM"),
    "empty_date": (
        "是系统的空日期（如 1970-01-01），没有日期请留空",
        "a program's empty date (as 1970-01-01): leave it empty",
    ),
    "too_early": ("日期过早", "too early"),
    "in_the_future": ("日期在将来", "lies in the future"),
    "not_a_flag": ("应填 是/否、1/0 或 Y/N", "must be 是/否, 1/0 or Y/N"),
    "not_in_list": ("不在可选值之内", "not among the known values"),
    "too_long": ("内容过长", "too long"),
    "control_character": ("含有不可见的控制字符", "holds an invisible control character"),
    "wrong_form": ("格式不对", "of the wrong form"),
    "uscc_form": ("不符合统一社会信用代码的格式", "not of the form of a social credit code"),
    "uscc_check": ("校验码不符，请人工核对", "the check character does not fit: please confirm"),
    "before_start": ("早于开始日期", "before the date at which it began"),
    "more_than_whole": ("部分大于整体", "a part greater than its whole"),
    "key_contradicts": (
        "同一文件里相同主键的内容不一致",
        "the same key stands in the file with other values",
    ),
    "key_repeated": ("同一文件里重复，只保留一行", "repeated in the file, kept once"),
    "key_unknown": (
        "更正模式下没有找到要更正的记录",
        "nothing accepted has this key: there is nothing to correct",
    ),
}
"""What every rule of the exchange says; `api.exchange.rules` names them."""

STAGE_TEXTS: dict[str, tuple[str, str]] = {
    "queued": ("排队等待后台检查", "waiting for the background worker"),
    "reading": ("正在读取文件", "reading the file"),
    "validating": ("正在逐行检查", "checking row by row"),
    "matching": ("逐行检查完毕，正在匹配企业", "rows are checked; finding their enterprises"),
    "comparing": ("正在与已接收的数据比对", "comparing with what was accepted before"),
    "writing": ("正在写入结果", "writing the result"),
}
"""What the worker does with a large file, in the order of its steps."""

STATE_NAMES: dict[str, str] = {
    "landed": N_("已落地"),
    "checking": N_("检查中"),
    "tried": N_("试运行"),
    "committed": N_("已接收"),
    "refused": N_("已退回"),
    "discarded": N_("已放弃"),
    "withdrawn": N_("已撤回"),
}
MODE_NAMES: dict[str, str] = {
    "append": N_("追加与更新"),
    "snapshot": N_("全量快照"),
    "correction": N_("更正"),
    "rematch": N_("重新匹配"),
}
ROW_STATE_NAMES: dict[str, str] = {"open": N_("待处理"), "fixed": N_("已修正"), "waived": N_("已搁置")}
KIND_NAMES: dict[str, str] = {"exhaustive": N_("全量"), "event": N_("事件"), "partial": N_("部分")}
GRAIN_NAMES: dict[str, str] = {
    "month": N_("每企业每月一行"),
    "event": N_("每件事一行"),
    "snapshot": N_("现状，每企业一行"),
}
FREQUENCY_NAMES: dict[str, str] = {
    "daily": N_("每日"),
    "weekly": N_("每周"),
    "monthly": N_("每月"),
    "quarterly": N_("每季"),
}
TYPE_NAMES: dict[str, str] = {
    "uscc": N_("统一社会信用代码（18 位）"),
    "name": N_("名称"),
    "key": N_("编号"),
    "text": N_("文本"),
    "int": N_("整数"),
    "money": N_("金额（元，最多两位小数）"),
    "date": N_("日期（YYYY-MM-DD）"),
    "month": N_("月份（YYYY-MM）"),
    "flag": N_("是或否（是/否、1/0、Y/N）"),
    "enum": N_("选项"),
}
