"""Refusals of the identity service: a code, an HTTP status, facts without personal data, a Chinese and an English text."""

from __future__ import annotations

from typing import Any

TEXTS: dict[str, tuple[int, str, str]] = {
    "identity.unauthorised": (401, "服务凭证无效。", "The service credential is missing or wrong."),
    "identity.input_invalid": (
        422,
        "提交的内容格式不正确，请检查后重新填写。",
        "Something in the form has a wrong format; please check it.",
    ),
    "identity.not_confirmed": (
        422,
        "未能确认您的身份。请核对姓名、证件号码、手机号和验证码后再试。",
        "Your identity could not be confirmed. Please check name, ID number, phone and code, then try again.",
    ),
    "identity.code_wrong": (
        422,
        "验证码不正确或已过期，请核对后再试。",
        "The code is wrong or too old; please check it and try again.",
    ),
    "identity.locked": (
        423,
        "多次未能确认身份，已暂时锁定。您可以拨打服务热线，或携带证件到服务窗口办理。",
        "Identity could not be confirmed several times; this is locked for now. Call the hot line or come to the desk"
        " with your document.",
    ),
    "identity.rate_limited": (
        429,
        "操作过于频繁，请稍后再试。",
        "Too many requests; please wait a little.",
    ),
    "identity.provider_unavailable": (
        503,
        "身份核验服务暂时不可用，请稍后再试；您填写的内容没有被使用。",
        "The identity provider does not answer now; please try again later. Nothing was used.",
    ),
    "identity.sms_unavailable": (
        503,
        "短信暂时发送不出去，请稍后重新获取验证码。",
        "The text message could not be sent; please ask for a new code later.",
    ),
    "identity.store_busy": (
        503,
        "数据文件正被占用或磁盘空间不足，已删除的内容暂时还留在磁盘上，请稍后重试。",
        "The store is in use or the disk is full, so what was deleted is still on the disk; please try again later.",
    ),
    "identity.check_unknown": (404, "找不到这次身份核验。", "There is no such identity check."),
    "identity.check_expired": (
        409,
        "这次身份核验已失效，请重新核验。",
        "This identity check is no longer valid; please confirm your identity again.",
    ),
    "identity.session_mismatch": (
        403,
        "本次操作不属于当前会话。",
        "This step does not belong to the current session.",
    ),
    "identity.intent_unknown": (404, "找不到这次签署确认。", "There is no such signing intent."),
    "identity.intent_expired": (
        409,
        "签署确认已过期，请重新确认。",
        "The signing intent has expired; please confirm again.",
    ),
    "identity.intent_used": (
        409,
        "这次签署确认已用于另一把密钥，请重新确认。",
        "This signing intent was already used for another key; please confirm again.",
    ),
    "identity.intent_mismatch": (
        409,
        "签署确认与身份核验的合同不一致。",
        "The signing intent names another contract than the identity check.",
    ),
    "identity.disputed": (
        409,
        "本人已声明“不是我操作”，不能继续签署。",
        "The person has declared 'this was not me'; nothing more can be signed with this check.",
    ),
    "identity.passkey_refused": (
        422,
        "通行密钥验证未通过，请改用短信验证码。",
        "The passkey could not be verified; please use a code by SMS instead.",
    ),
    "identity.passkey_missing": (
        409,
        "没有可用的通行密钥，请使用短信验证码。",
        "There is no passkey to use; please use a code by SMS.",
    ),
    "identity.fresh_check_needed": (
        409,
        "距上次核验已超过 180 天，请重新核验姓名、证件和手机号。",
        "More than 180 days have passed; please confirm name, document and phone again.",
    ),
    "identity.demo_person_refused": (
        422,
        "演示人员不能用于正式环境。",
        "Demonstration persons cannot be used in a production installation.",
    ),
    "identity.officer_unknown": (
        403,
        "该人员未登记为窗口核验人员，或签名无效。",
        "The officer is not registered for desk checks, or the signature does not fit.",
    ),
    "identity.person_unknown": (404, "没有该人员的核验记录。", "There is no identity record of that person."),
    "identity.change_unknown": (404, "没有待生效的号码变更。", "There is no pending change of number."),
}


class IdentityRefused(Exception):
    """A refusal that goes to the caller as JSON. `facts` never hold a name, a number, a phone or a code."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code = code
        self.status, self.zh, self.en = TEXTS[code]
        self.facts = facts
        super().__init__(f"{self.zh} / {self.en}")

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"code": self.code, "message_zh": self.zh, "message_en": self.en, "facts": self.facts}


class ProviderUnavailable(Exception):
    """The identity provider did not answer, or not as its protocol says."""


class GatewayUnavailable(Exception):
    """The SMS gateway did not take the message."""
