"""The texts of all messages, Chinese and English. A message is named by its template; facts fill it.

`facts` may be shown in the inbox, `secrets` (links, codes) only leave by SMS and mail.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """One template: title, text for the inbox, and the sentence with secrets that SMS and mail add."""

    title: tuple[str, str]
    text: tuple[str, str]
    outside: tuple[str, str] = ("", "")
    facts: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()


def _w(
    title: tuple[str, str],
    text: tuple[str, str],
    facts: str = "",
    outside: tuple[str, str] = ("", ""),
    secrets: str = "",
) -> Wording:
    return Wording(title, text, outside, frozenset(facts.split()), frozenset(secrets.split()))


WORDINGS: dict[str, Wording] = {
    "econtract.invitation": _w(
        ("请您签订劳动合同", "A labour contract for you to sign"),
        (
            "{employer}请您{purpose}。签订全程免费，不会向您收费。",
            "{employer} asks you to {purpose}. Signing is free of charge from beginning to end.",
        ),
        "employer purpose",
        (
            "请打开 {link} 办理；换手机可输入短码 {code}。链接只发给您本人，请勿转发。",
            "Open {link}, or type the short code {code} on another device. The link is for you alone: don't pass it on.",
        ),
        "link code",
    ),
    "econtract.erasure_announced": _w(
        ("合同保存期已满，将清除本平台的副本", "Retention has ended: the platform's copy will be erased"),
        (
            "《{title}》的保存期已满。本平台保存的文本、证据和身份核验记录将于{date}清除，清除后不能恢复。"
            "请在此之前下载合同和证据包自行保存；您手中的副本长期有效。如正在处理争议，请尽快与我们联系，可以暂缓清除。",
            "The retention period of “{title}” has ended. The platform's text, evidence and identity records will be erased "
            "on {date} and can't be brought back. Download contract and evidence package before then; your own copy stays "
            "valid. If a dispute is open, tell us: the erasure can be put on hold.",
        ),
        "title date",
    ),
    "econtract.recalled": _w(
        ("合同已被用人单位撤回", "The contract was recalled"),
        (
            "{employer}撤回了请您签订的劳动合同，原链接已失效。如有新合同会另行通知您。",
            "{employer} recalled the contract it had sent you; the link no longer works. You will be told of a new one.",
        ),
        "employer",
    ),
    "econtract.worker_signed": _w(
        ("劳动者已签署，请单位签署", "The worker has signed: your turn"),
        (
            "《{title}》劳动者已签署，请在期限内完成单位签署。",
            "The worker has signed “{title}”. Please sign for the organisation in time.",
        ),
        "title",
    ),
    "econtract.effective": _w(
        ("劳动合同已订立", "Your labour contract is concluded"),
        (
            "您与{employer}的《{title}》已由双方签署并加盖时间戳。您可以随时免费查看、下载、打印全文，请下载保存。",
            "“{title}” with {employer} is signed by both and time-stamped. You may view, download and print it at any time, "
            "free of charge; please download and keep it.",
        ),
        "employer title",
        ("查看和下载：{link}", "View and download: {link}"),
        "link",
    ),
    "econtract.employer_late": _w(
        ("用人单位还没有签署", "Your employer has not signed yet"),
        (
            "您已签署《{title}》，{employer}还没有签署。您可以继续等待，也可以撤回您的签署。",
            "You signed “{title}”; {employer} has not signed yet. You may wait, or withdraw your signature.",
        ),
        "employer title",
    ),
    "econtract.employer_alarm": _w(
        ("合同待单位签署，即将到期", "A contract waits for your signature"),
        (
            "《{title}》劳动者已签署，单位应在 {deadline} 前签署，逾期合同作废。",
            "The worker has signed “{title}”. The organisation must sign before {deadline}, or the contract lapses.",
        ),
        "title deadline",
    ),
    "econtract.expired": _w(
        ("合同签署期限已过", "The time to sign is over"),
        (
            "《{title}》（{employer}）未在期限内签完，已作废。需要时请用人单位重新发起。",
            "“{title}” ({employer}) was not signed in time and has lapsed. The employer may send it again.",
        ),
        "employer title",
    ),
    "econtract.rejected": _w(
        ("劳动者拒绝签署", "The worker refused to sign"),
        (
            "劳动者拒绝签署《{title}》，理由可在合同页面查看。",
            "The worker refused to sign “{title}”; see the reason on its page.",
        ),
        "title",
    ),
    "econtract.change_requested": _w(
        ("劳动者请求修改合同", "The worker asks for a change"),
        (
            "劳动者请求修改《{title}》，内容可在合同页面查看。",
            "The worker asks for a change of “{title}”; see its page.",
        ),
        "title",
    ),
    "econtract.withdrawn": _w(
        ("劳动者撤回签署", "The worker withdrew the signature"),
        (
            "劳动者在单位签署前撤回了对《{title}》的签署。",
            "The worker withdrew the signature under “{title}” before the organisation signed.",
        ),
        "title",
    ),
    "econtract.declined": _w(
        ("用人单位决定不签署", "The employer declined to sign"),
        (
            "{employer}决定不签署《{title}》，该合同不生效。",
            "{employer} declined to sign “{title}”; it takes no effect.",
        ),
        "employer title",
    ),
    "econtract.disputed": _w(
        ("有人表示合同不是本人签订", "A person says that he did not sign"),
        (
            "关于《{title}》，收到“不是本人”的声明，请暂停办理并等待核实。",
            "Somebody stated “this was not me” about “{title}”. Please pause and wait for the check.",
        ),
        "title",
    ),
    "econtract.text_read": _w(
        ("有机关查看了您的合同", "An authority read your contract"),
        (
            "{authority}于{date}依职权查看了您的劳动合同文本。查看记录可在“我的查看记录”中核对。",
            "{authority} read the text of your labour contract on {date} in the course of its duties. See your access log.",
        ),
        "authority date",
    ),
    "econtract.purge_announced": _w(
        ("合同文本即将删除，请下载保存", "Your contract will be deleted: please download it"),
        (
            "您与{employer}的《{title}》保存期已满，将于{date}删除。请在此之前下载保存；您下载的存证包继续有效。",
            "The retention of “{title}” with {employer} is over; it will be deleted on {date}. Please download it before; "
            "the evidence package you keep stays valid.",
        ),
        "employer title date",
    ),
    "employers.verified": _w(
        ("单位认证通过", "Your organisation is verified"),
        (
            "{organisation}已通过认证，可以开始授权经办人和发送合同。",
            "{organisation} is verified and may authorise agents.",
        ),
        "organisation",
    ),
    "employers.rejected": _w(
        ("单位认证未通过", "Your organisation could not be verified"),
        (
            "{organisation}未通过认证：{reason}。补充材料后可再次提交。",
            "{organisation} was not verified: {reason}. You may send it again.",
        ),
        "organisation reason",
    ),
    "identity.phone_changed": _w(
        ("您的手机号码正在变更", "Your phone number is being changed"),
        (
            "有人用您的身份申请更换手机号码，{hours} 小时后生效。如不是您本人，请立即联系服务热线或到窗口办理。",
            "Somebody with your identity asked for another phone number; it takes effect in {hours} hours. "
            "If this was not you, call the help line or visit the desk at once.",
        ),
        "hours",
    ),
    "plain.notice": _w(("通知", "Notice"), ("{text}", "{text}"), "text"),
}
