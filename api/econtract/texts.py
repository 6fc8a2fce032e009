"""Error texts of the slice: code → (Chinese, English)."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "econtract.template_unknown": ("没有这个合同模板。", "There is no such contract template."),
    "econtract.form_not_offered": ("这种合同形式暂未开放。", "This form of contract is not offered yet."),
    "econtract.no_organisation": (
        "您的账号还没有关联用人单位。",
        "Your account belongs to no organisation yet.",
    ),
    "econtract.not_editable": (
        "合同已经发出或者结束，不能再修改；需要修改的，请先撤回。",
        "The contract was sent or has ended and can't be changed; recall it first.",
    ),
    "econtract.draft_changed": (
        "这份草稿在另一个窗口里被修改过，请刷新后再继续。",
        "This draft was changed in another window: reload it first.",
    ),
    "econtract.draft_too_large": (
        "草稿内容太长（上限 {limit} 个字符）。",
        "The draft is too long (limit {limit} characters).",
    ),
    "econtract.too_many_clauses": (
        "自定义条款太多（最多 {limit} 条）。",
        "Too many custom clauses (at most {limit}).",
    ),
    "econtract.field_unknown": ("有无法识别的字段。", "There is a field that is not known."),
    "econtract.field_not_text": ("这里应填写文字。", "This should be text."),
    "econtract.field_too_long": (
        "内容太长：最多 {limit} 个字符，现有 {length} 个。",
        "Too long: at most {limit} characters, now {length}.",
    ),
    "econtract.field_forbidden_character": (
        "含有不能使用的控制字符（{codepoint}），请删除后重新输入。",
        "Holds a control character that can't be used ({codepoint}): delete it and type again.",
    ),
    "econtract.field_not_date": ("请填写日期，例如 2026-12-01。", "Please give a date, e.g. 2026-12-01."),
    "econtract.field_not_number": ("请填写数字。", "Please give a number."),
    "econtract.field_out_of_range": (
        "数值超出范围（0 到 {most}，最多两位小数）。",
        "Out of range (0 to {most}, at most two decimals).",
    ),
    "econtract.field_not_choice": ("请从选项中选择。", "Please choose one of the options."),
    "econtract.field_not_phone": ("请填写 11 位手机号码。", "Please give an 11-digit mobile number."),
    "econtract.field_not_region": (
        "请填写 6 位或 9 位区划代码。",
        "Please give a region code of 6 or 9 digits.",
    ),
    "econtract.fields_unreadable": (
        "有 {count} 处内容填写有误，请先改正。",
        "{count} values can't be read: please correct them first.",
    ),
    "econtract.check_blocked": (
        "合同没有通过合法性检查，改正标为“必须修改”的内容后才能发送。",
        "The contract did not pass the legality check: correct what is marked “must change” before sending.",
    ),
    "econtract.overlap": (
        "您和这名劳动者之间已有一份期限重叠的合同（待签或者有效），请先处理那一份：{location}",
        "There already is a pending or effective contract with this worker for an overlapping term: {location}",
    ),
    "econtract.state": (
        "合同当前的状态（{state}）不允许这一步操作。",
        "The contract's present state ({state}) doesn't allow this step.",
    ),
    "econtract.not_sent": ("合同还没有发出。", "The contract was not sent yet."),
    "econtract.version_missing": (
        "合同的发送记录缺失，已停止处理并通知管理员。",
        "The record of a sent text is missing: work has stopped and the operator is told.",
    ),
    "econtract.reason_needed": ("请写明原因。", "Please give a reason."),
    "econtract.invitation_unknown": (
        "链接或者验证码无效，请核对短信里的内容。",
        "This link or code is not valid: please compare it with the message.",
    ),
    "econtract.invitation_closed": (
        "这个链接已经失效（合同已撤回、过期或者有了新版本）。",
        "This link no longer works: the contract was recalled, has expired or has a newer version.",
    ),
    "econtract.identify_first": ("请先核验身份。", "Please confirm who you are first."),
    "econtract.session_elsewhere": (
        "您已在另一台设备上继续办理，这里的会话已结束。如要在这里继续，请重新核验身份。",
        "You went on with another device, so this session has ended. To go on here, confirm who you are again.",
    ),
    "econtract.session_expired": (
        "会话已超过 60 分钟，请重新核验身份后继续，已完成的步骤都保留着。",
        "The session is over after 60 minutes: confirm who you are again, nothing done so far is lost.",
    ),
    "econtract.session_of_another": (
        "身份核验与这份合同不符。",
        "The identity check doesn't belong to this contract.",
    ),
    "econtract.consents_needed": (
        "请阅读后勾选两项确认，再继续。",
        "Please read and tick both boxes to go on.",
    ),
    "econtract.notice_outdated": (
        "告知内容已更新，请刷新页面重新阅读。",
        "The notice has been updated: reload the page and read it again.",
    ),
    "econtract.how_unknown": ("不支持这种查看方式。", "This way of opening is not known."),
    "econtract.case_needed": (
        "查阅合同全文须填写案号和用途。",
        "Reading the text needs a case number and a purpose.",
    ),
    "econtract.render_data_invalid": (
        "合同内容不完整，暂时不能生成文件（{reason}）。",
        "The contract's content is not complete enough to make the document ({reason}).",
    ),
    "econtract.render_glyph_missing": (
        "字库里没有“{character}”（{codepoint}）这个字，文件不能生成。请联系平台补充字库。",
        "No font here has the character “{character}” ({codepoint}), so the document can't be made. Ask the operator"
        " to add a font.",
    ),
    "econtract.render_character_forbidden": (
        "内容含有不能使用的控制字符（{codepoint}）。",
        "The content holds a control character that can't be used ({codepoint}).",
    ),
    "econtract.render_text_too_long": (
        "内容太长：最多 {limit} 个字符，现有 {length} 个。",
        "Too long: at most {limit} characters, now {length}.",
    ),
    "econtract.render_template_unknown": (
        "排版模板不存在，请联系平台。",
        "The layout is not known: please tell the operator.",
    ),
    "econtract.render_fonts_missing": (
        "平台缺少字体，暂时不能生成文件。",
        "Fonts are missing on the platform, so no document can be made just now.",
    ),
    "econtract.render_typesetting_failed": (
        "文件排版失败，请联系平台。",
        "The document could not be typeset: please tell the operator.",
    ),
}
