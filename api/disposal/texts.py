"""Error texts of the slice, and the names of stages, steps, outcomes and the like for people."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "disposal.already_signed": ("该预警已经签收。", "This warning has been signed for already."),
    "disposal.not_signed_yet": ("请先签收，再填写核查结果。", "Sign for the warning before verifying it."),
    "disposal.already_verified": ("该预警已经核查过。", "This warning has been verified already."),
    "disposal.not_verified_yet": ("请先完成核查。", "The warning has to be verified first."),
    "disposal.no_action_yet": (
        "请先登记首次处置，再填写反馈。",
        "Record the first action before giving feedback.",
    ),
    "disposal.no_closure_proposed": ("还没有人提出销号。", "Nobody has proposed to close the case."),
    "disposal.not_closed": ("只有已销号的预警可以重新打开。", "Only a closed case can be reopened."),
    "disposal.case_closed": (
        "该预警已销号，不能再办理。",
        "This case is closed: nothing more can be done to it.",
    ),
    "disposal.in_review": (
        "销号正在复核，请等待复核结果。",
        "The closure is under review; wait for its result.",
    ),
    "disposal.step_not_possible": (
        "当前阶段不能进行这项操作。",
        "This step is not possible in the present stage.",
    ),
    "disposal.finding_unknown": ("核查结论不在可选范围内。", "A verification can't have this finding."),
    "disposal.evidence_missing": (
        "销号需要至少一份佐证材料。",
        "Closing needs at least one piece of evidence.",
    ),
    "disposal.tasks_open": ("还有 {open} 项联合任务没有办结。", "{open} joint tasks are still open."),
    "disposal.first_action_missing": (
        "核查属实的预警须先处置，才能提出销号。",
        "What was found true has to be acted on before the case can be closed.",
    ),
    "disposal.outcome_contradicts_finding": (
        "销号结论与核查结论不一致，请重新核查。",
        "The outcome contradicts the finding; verify again.",
    ),
    "disposal.rows_not_settled": (
        "还有 {rows} 条支撑数据没有了结：请说明理由并填写有效期，或等数据好转。",
        "{rows} supporting rows are not settled: give a reason with an expiry, or wait until the facts are lower.",
    ),
    "disposal.expiry_out_of_range": (
        "理由的有效期须在今天之后、{most} 天之内。",
        "The reason must expire after today and within {most} days.",
    ),
    "disposal.second_person_needed": (
        "复核须由提出人和核查人以外的另一人进行。",
        "The review needs a person who neither proposed the closure nor verified the case.",
    ),
    "disposal.reopen_too_late": (
        "销号已超过 {days} 天，请等待新的预警。",
        "The case was closed more than {days} days ago; a new warning is needed.",
    ),
    "disposal.transfer_pending": ("移交正在等待对方接收。", "A transfer is waiting to be accepted."),
    "disposal.transfer_to_itself": ("不能移交给本单位。", "A case can't be transferred to its own unit."),
    "disposal.form_of_earlier_cycle": (
        "这是上一轮的核查表：预警已重新打开、升级或者移交，请刷新页面，重新到现场核查。",
        "This is the form of an earlier round: the case was reopened, raised or transferred. Reload the page and visit again.",
    ),
    "disposal.sample_month": (
        "只能抽取本月的样本：多抽几个月等于重抽。",
        "Only the present month's sample can be drawn: drawing for other months would be drawing again.",
    ),
    "disposal.deputy_of_nobody": (
        "代理只能代理在本单位任职的另一人。",
        "A deputy stands in for another person who holds a post in the unit.",
    ),
    "disposal.transfer_unit": (
        "预警只能移交给街镇、人社部门或者行业主管部门。",
        "A case can be transferred to a street, the HR bureau or a department only.",
    ),
    "disposal.appeal_waiting": (
        "单位还有 {open} 项申诉没有答复，答复之后才能销号。",
        "{open} appeals of the enterprise wait for an answer; the case can be closed after it.",
    ),
    "disposal.random_by_sample": (
        "随机抽查只来自每月的抽样，预警的核查不能登记为随机抽查。",
        "Random inspections come from the month's sample alone; the verification of a warning is not one.",
    ),
    "disposal.no_transfer_pending": ("没有等待接收的移交。", "No transfer is waiting."),
    "disposal.reason_missing": ("这一项必须填写。", "This has to be filled in."),
    "disposal.not_entitled": (
        "您的岗位不能进行这项操作。",
        "Your post does not entitle you to do this.",
    ),
    "disposal.no_unit": (
        "还没有设置可以承办的单位，请管理员先建立人社部门和街镇。",
        "There is no unit that could own the case: the operator has to enter the HR bureau and the streets first.",
    ),
    "disposal.unit_unknown": ("没有这个单位。", "There is no such unit."),
    "disposal.unit_malformed": ("单位编码或名称的格式不对。", "The unit's code or name has the wrong form."),
    "disposal.post_period": ("岗位的结束日期早于开始日期。", "The post ends before it begins."),
    "disposal.duty_overlaps": ("该时段已有人值班。", "Somebody else is on duty in that time."),
    "disposal.duty_period": ("值班时段不对，最长 31 天。", "The time on duty is wrong; at most 31 days."),
    "disposal.clocks_malformed": (
        "时限参数有误：{field}。",
        "The parameter of deadlines is wrong at {field}.",
    ),
    "disposal.period_unknown": ("没有这个法定期限。", "There is no such statutory period."),
    "disposal.form_field_unknown": ("核查表没有这个项目。", "The form has no such field."),
    "disposal.form_value_malformed": ("核查表的内容格式不对。", "A value of the form is malformed."),
    "disposal.form_incomplete": (
        "核查表还缺必填项目：{fields}。",
        "The form lacks answers that are needed: {fields}.",
    ),
    "disposal.device_malformed": ("设备编号的格式不对。", "The device's id has the wrong form."),
    "disposal.photo_type_refused": (
        "只接收 JPEG、PNG 或 WebP 照片。",
        "Only JPEG, PNG or WebP photos are taken.",
    ),
    "disposal.photo_digest_differs": (
        "照片内容与摘要不符，请重新上传。",
        "The photo's bytes do not give its digest; upload it again.",
    ),
    "disposal.photo_too_large": ("照片超过 {limit} 字节。", "The photo is over {limit} bytes."),
    "disposal.photos_too_many": ("照片最多 {most} 张。", "At most {most} photos."),
    "disposal.photo_time": ("拍摄时间不能在将来。", "The capture time lies in the future."),
    "disposal.photo_not_listed": (
        "请先同步核查表，再上传照片。",
        "Send the form that names the photo first.",
    ),
    "disposal.task_done": ("该任务已经办结或者收回。", "This task is done already, or was taken back."),
    "disposal.task_due_past": ("任务期限须在今天之后。", "A task must be due after today."),
    "disposal.self_correction_missing": (
        "蓝色预警的首次处置是自查整改提示书，请先生成提示书。",
        "The first action on a blue warning is the notice to check and correct; make it first.",
    ),
    "disposal.notice_kind": ("没有这种告知书。", "There is no such notice."),
    "disposal.notice_not_ready": (
        "告知书正在生成，请稍后再试。",
        "The notice is being made; try again shortly.",
    ),
    "disposal.notice_text": ("告知书的内容无法排版：{reason}。", "The notice can't be typeset: {reason}."),
    "disposal.service_channel": ("没有这种送达方式。", "There is no such way of service."),
    "disposal.service_future": ("送达时间不能在将来。", "The time of service lies in the future."),
    "disposal.statement_kind": ("只能提交说明或申诉。", "Only an explanation or an appeal can be submitted."),
    "disposal.statement_answered": ("该说明或申诉已经答复。", "This statement has been answered already."),
    "disposal.own_decision": (
        "申诉须由没有参与该预警核查和销号的人答复。",
        "An appeal is answered by somebody who neither verified nor closed the case.",
    ),
    "disposal.sample_exists": (
        "{month} 的抽查名单已经生成。",
        "The sample of {month} has been drawn already.",
    ),
    "disposal.month_malformed": ("月份格式应为 YYYYMM。", "The month must have the form YYYYMM."),
    "disposal.inspection_done": ("该检查已登记结果。", "This inspection has its result already."),
    "disposal.text_too_long": ("文字超过 {most} 个字。", "The text is over {most} characters."),
    "disposal.period_reversed": ("结束日期早于开始日期。", "The period ends before it begins."),
    "disposal.phone_malformed": (
        "请填写 11 位手机号码，短信会发到这个号码。",
        "Enter a mobile number of 11 digits: notices send their SMS there.",
    ),
    "disposal.service_result": (
        "这种送达方式不能有这个结果。",
        "This way of service can't have this result.",
    ),
    "disposal.service_receiver": ("请填写签收人。", "Say who took it."),
    "disposal.service_note": (
        "请写明经过：为什么拒收、退回，或者在哪里公告。",
        "Say what happened: why it was refused or came back, or where it was published.",
    ),
    "disposal.service_witness": (
        "留置送达须有见证人，请填写见证人。",
        "What is left with somebody who refused it needs a witness; name one.",
    ),
    "disposal.service_tracking": ("请填写邮件编号。", "Enter the number of the letter."),
    "disposal.files_too_many": ("附件最多 {most} 个。", "At most {most} files."),
    "disposal.file_too_large": ("单个附件不能超过 {limit} 字节。", "A file may have at most {limit} bytes."),
    "disposal.file_type": (
        "附件只接收 PDF、JPEG、PNG 或 WebP；请另存后再上传。",
        "Only PDF, JPEG, PNG or WebP files are taken; save the file as one of them.",
    ),
    "disposal.statements_too_many": (
        "这件预警已提交 {most} 次，请联系承办单位。",
        "{most} statements about this warning were sent; please contact the unit in charge.",
    ),
    "disposal.period_start": (
        "起算日期不能在今天之后，也不能早于 {years} 年前。",
        "The day of the event is neither ahead nor more than {years} years ago.",
    ),
    "disposal.period_not_extendable": (
        "法律没有规定这个期限可以延长。",
        "The law allows no extension of this period.",
    ),
    "disposal.period_ended": ("这个期限已经办结。", "This period has been kept already."),
    "disposal.period_end": (
        "办结日期须在起算日和今天之间。",
        "The day on which it was done lies between the event and today.",
    ),
    "disposal.duty_over": ("这段值班已经结束。", "This time on duty is over."),
    "disposal.sample_empty": (
        "还没有评分过的企业，无法抽取 {month} 的名单；请在月度评分之后再抽取。",
        "No enterprise has been scored yet, so no sample of {month} can be drawn; draw it after a monthly run.",
    ),
    "disposal.enterprise_unknown": (
        "登记名录里没有这个统一社会信用代码，请核对。",
        "The register has no enterprise with this social credit code; check it.",
    ),
}

COLOURS = {1: N_("蓝色"), 2: N_("黄色"), 3: N_("橙色"), 4: N_("红色")}
TONES = {1: "info", 2: "warning", 3: "caution", 4: "danger"}
STAGES = {
    "issued": N_("待签收"),
    "signed": N_("待核查"),
    "verified": N_("待处置"),
    "acting": N_("处置中"),
    "review": N_("待复核"),
    "closed": N_("已销号"),
}
STEPS = {
    "sign_in": N_("签收"),
    "verify": N_("核查"),
    "act": N_("首次处置"),
    "feedback": N_("反馈"),
    "close": N_("销号"),
    "transfer": N_("接收移交"),
    "answer": N_("答复说明或申诉"),
    "task": N_("联合任务"),
}
OUTCOMES = {
    "confirmed": N_("属实"),
    "partly": N_("部分属实"),
    "not_found": N_("查无此户"),
    "duplicate": N_("重复"),
    "referred": N_("移送"),
    "false_alarm": N_("不属实"),
    "data_error": N_("数据错误"),
    "resolved": N_("已化解"),
}
ACTIONS = {
    "open": N_("发出预警"),
    "sign_in": N_("签收"),
    "verify": N_("核查"),
    "act": N_("处置"),
    "feedback": N_("反馈"),
    "propose_closure": N_("提出销号"),
    "approve_closure": N_("复核通过"),
    "reject_closure": N_("复核退回"),
    "reopen": N_("重新打开"),
    "task_withdrawn": N_("收回联合任务"),
    "offer_transfer": N_("提出移交"),
    "accept_transfer": N_("接收移交"),
    "refuse_transfer": N_("拒绝或者收回移交"),
    "raise": N_("升级"),
    "task_opened": N_("交办联合任务"),
    "task_done": N_("联合任务办结"),
    "form_merged": N_("同步核查表"),
    "photo_kept": N_("上传照片"),
    "measure": N_("督促"),
    "phone_call": N_("值班电话"),
    "notice_issued": N_("发出告知书"),
    "notice_served": N_("送达"),
    "statement": N_("单位说明或申诉"),
    "statement_answered": N_("答复说明或申诉"),
    "recomputed": N_("期限重新计算"),
    "data_returned": N_("退回数据来源部门"),
    "contact_entered": N_("登记联系人"),
    "law_period": N_("法定期限起算"),
    "law_period_ended": N_("法定期限内办结"),
}
MEASURES = {"urge": N_("催办"), "supervise": N_("督办"), "red_card": N_("红牌")}
BASES = {
    "operating": N_("按实际经营地承办"),
    "registered": N_("实际经营地不明，按登记地承办"),
    "outside": N_("实际经营地在区外，由登记地承办"),
    "none": N_("地址不明，由区人社部门承办"),
    "transfer": N_("移交后承办"),
}
CHANNELS = {
    "hand": N_("直接送达"),
    "post": N_("邮寄送达"),
    "left": N_("留置送达"),
    "public": N_("公告送达"),
    "sms": N_("短信送达"),
    "account": N_("系统送达"),
}
RESULTS = {
    "received": N_("已签收"),
    "refused": N_("拒收"),
    "left": N_("已留置"),
    "sent": N_("已寄出"),
    "returned": N_("退件"),
    "published": N_("已公告"),
    "opened": N_("已打开"),
}
WAYS = {
    "hand-received": N_("直接送达：已签收"),
    "hand-refused": N_("直接送达：拒收"),
    "left-left": N_("留置送达（拒收后留下，有见证人）"),
    "post-sent": N_("邮寄送达：已寄出"),
    "post-received": N_("邮寄送达：已签收"),
    "post-returned": N_("邮寄送达：退回"),
    "public-published": N_("公告送达"),
}
STATEMENTS = {
    "explanation": N_("情况说明"),
    "question": N_("要求说明"),
    "appeal": N_("申诉"),
}
REASONS = {
    "random": N_("随机抽查"),
    "complaint": N_("投诉举报"),
    "model": N_("模型线索"),
}
INCIDENTS = {
    "arrears": N_("核实欠薪"),
    "dispute": N_("劳动争议"),
    "fled": N_("逃匿"),
    "closure": N_("欠薪关停"),
}
UNIT_KINDS = {
    "street": N_("街道或乡镇"),
    "hr": N_("人社部门"),
    "department": N_("其他部门"),
    "union": N_("工会"),
    "federation": N_("企业联合会"),
    "government": N_("区政府"),
}
CAPACITIES = {
    "officer": N_("经办人员"),
    "lead": N_("负责人（可复核销号、安排值班）"),
    "command": N_("指挥（可看全部红色预警）"),
}
FIELDS = {
    "premises": N_("登记或经营地址有办公或生产场所"),
    "operating": N_("正在经营"),
    "workers_seen": N_("现场看到的职工人数"),
    "wages_paid": N_("上月工资已足额发放"),
    "arrears_persons": N_("被欠薪人数"),
    "arrears_months": N_("欠薪月数"),
    "insured": N_("职工已参加社会保险"),
    "person_met": N_("见到负责人或代理人"),
    "owner_reachable": N_("能联系到经营者"),
    "remark": N_("现场情况"),
}
CHOICES = {"yes": N_("是"), "no": N_("否"), "unknown": N_("不清楚")}
