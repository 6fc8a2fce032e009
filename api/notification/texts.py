"""Error texts of the slice and names of states and channels."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "notification.template_unknown": (
        "没有消息模板 {template}。",
        "There is no message template {template}.",
    ),
    "notification.channel_unknown": ("没有这种通知方式。", "There is no such channel."),
    "notification.no_address": (
        "收件人没有可用的联系方式。",
        "There is no address to reach the recipient at.",
    ),
    "notification.field_missing": ("消息缺少内容：{field}。", "The message lacks the field {field}."),
    "notification.link_not_allowed": (
        "网站地址不是 https，不能发送链接。",
        "Links go out only for an https address.",
    ),
    "notification.not_failed": ("这条消息没有失败，无需重发。", "This message has not failed."),
    "notification.secrets_wiped": (
        "这条消息带有一次性链接，已经清除，请由发起人重新发送。",
        "This message carried a one-time link that is wiped: it has to be sent anew by its sender.",
    ),
}

STATE_NAMES: dict[str, str] = {
    "queued": N_("待发送"),
    "sent": N_("已发出，等待回执"),
    "delivered": N_("已送达"),
    "failed": N_("发送失败"),
    "cancelled": N_("已取消"),
}

CHANNEL_NAMES: dict[str, str] = {"sms": N_("短信"), "email": N_("电子邮件"), "inbox": N_("站内消息")}
