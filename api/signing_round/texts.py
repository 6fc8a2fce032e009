"""Error texts of the slice: code → (Chinese, English). Those of the signing package are added: its errors keep their codes."""

from __future__ import annotations

from signing import error_texts

_OWN: dict[str, tuple[str, str]] = {
    "signing.round_unknown": ("没有找到这份文件。", "There is no such document for you."),
    "signing.document_missing": ("没有找到文件内容。", "The document's content is not here."),
    "signing.page_missing": ("没有这一页。", "There is no such page."),
    "signing.not_a_recipient": (
        "这份文件没有为您加密，无法打开。",
        "This document was not encrypted for you and can't be opened.",
    ),
    "signing.recipient_missing": (
        "解密文件所需的密钥不可用，请联系平台。",
        "The key that opens this document is not available: please contact the platform.",
    ),
    "signing.not_admitted": (
        "请先完成身份核验、阅读告知并同意采用电子形式，再签署。",
        "Before signing, prove who you are, read the notice and agree to the electronic form.",
    ),
    "signing.another_worker": (
        "这份文件是发给另一位劳动者的。",
        "This document was sent to another worker.",
    ),
    "signing.identity_for_another_text": (
        "您的身份核验对应的是另一个版本的文本，请重新核验身份。",
        "Your identity was checked for another version of the text: please prove it again.",
    ),
    "signing.level_too_low": (
        "当前身份核验等级（L{level}）不足以签署，请到服务窗口办理。",
        "The assurance level (L{level}) is too low to sign: please go to the service desk.",
    ),
    "signing.session_expired": (
        "签署会话已过期，请重新核验身份后继续，已填内容不会丢失。",
        "Your signing session is over: prove who you are again to go on; nothing is lost.",
    ),
    "signing.session_superseded": (
        "您已在另一台设备或页面继续签署，本页面不再有效。",
        "You went on in another page or phone: this page is no longer valid.",
    ),
    "signing.session_disputed": (
        "已有人报告“不是本人操作”，签署已停止，请联系服务热线。",
        "Somebody reported “this was not me”: signing has stopped, please call the hot line.",
    ),
    "signing.closed": (
        "这份文件已撤回、拒签或过期，不能再签署。",
        "This document was withdrawn, rejected or expired.",
    ),
    "signing.expired": ("签署期限已过。", "The time to sign is over."),
    "signing.worker_first": ("劳动者尚未签署，请等待。", "The worker has not signed yet."),
    "signing.already_signed": (
        "已经签署，不能重复签署或更改。",
        "This is already signed: it can't be signed again or changed.",
    ),
    "signing.locked": (
        "另一位经办人正在签署这份文件，请在 {until} 之后再试。",
        "Somebody else is signing this document: try again after {until}.",
    ),
    "signing.attempt_unknown": (
        "没有找到这次签署，请重新进入签署页面。",
        "This signing was not found: open the page again.",
    ),
    "signing.attempt_expired": (
        "本次签署准备已超过 10 分钟，请重新准备后签署。",
        "The preparation ran out after ten minutes: prepare again and sign.",
    ),
    "signing.attempt_replaced": (
        "本次签署准备已被新的准备取代，请在最新页面继续。",
        "A newer preparation has taken the place of this one: go on there.",
    ),
    "signing.in_progress": (
        "同一签署正在处理中，请稍候。",
        "The same signing is being worked on: please wait.",
    ),
    "signing.wait": (
        "操作太频繁，请 {seconds} 秒后再试。",
        "Too many requests: try again in {seconds} seconds.",
    ),
    "signing.key_first": ("请先提交本次签署的公钥。", "Send the key of this signing first."),
    "signing.intent_first": (
        "请先获取验证码或使用通行密钥。",
        "Ask for a one-time password or use a passkey first.",
    ),
    "signing.certificate_first": (
        "证书尚未签发，请先完成意愿确认。",
        "Confirm your intent first: there is no certificate yet.",
    ),
    "signing.page_release_unknown": (
        "签署页面不是当前发布的版本，请刷新页面后重试。",
        "The signing page is not the present release: reload the page.",
    ),
    "signing.passkey_not_committed": (
        "该通行密钥尚未登记入证据，请改用验证码。",
        "This passkey is not committed to the evidence yet: use a one-time password.",
    ),
    "signing.attestation_differs": (
        "身份服务的声明与本次签署不符，未签署。",
        "The identity service's statement does not fit this signing: nothing was signed.",
    ),
    "signing.token_outside_certificate": (
        "时间戳不在证书有效期内，本次没有签署成功，请重新签署。",
        "Not signed: the timestamp lies outside the certificate's validity. Please sign again.",
    ),
    "signing.output_refused": (
        "签署后的文件未通过校验，没有保存：{problems}。",
        "The signed file did not validate and was not kept: {problems}.",
    ),
    "signing.not_completed": ("文件尚未完成双方签署。", "Not both parties have signed yet."),
    "signing.wallet_missing": (
        "您还没有可用的钱包，请先设置。",
        "You have no active wallet: set one up first.",
    ),
    "signing.wallet_signature_missing": (
        "请提供钱包签名，或输入平台托管钱包的口令。",
        "Post the wallet's signature, or the passphrase of the wallet held here.",
    ),
    "signing.seal_signature_missing": (
        "请提供印章签名，或输入平台托管印章的口令。",
        "Post the seal's signature, or the passphrase of the seal held here.",
    ),
    "signing.seal_changed": (
        "印章证书已更换，请重新准备签署。",
        "The seal's certificate has changed: prepare again.",
    ),
    "signing.scope_missing": ("此系统凭据没有签署权限。", "This machine credential may not sign."),
}

TEXTS: dict[str, tuple[str, str]] = {**_OWN, **error_texts.TEXTS}
