"""Error texts of the slice, Chinese and English; the identity service's own refusals keep its texts."""

from __future__ import annotations

from signing.identity_service.errors import TEXTS as SERVICE_TEXTS

_OWN: dict[str, tuple[str, str]] = {
    "identity.service_unavailable": (
        "身份服务暂时不可用，请稍后再试。",
        "The identity service does not answer now; please try again later.",
    ),
    "identity.login_failed": (
        "账号、密码或动态码不正确。",
        "Login, password or code is wrong.",
    ),
    "identity.account_locked": (
        "连续多次登录失败，账号已锁定，请 {minutes} 分钟后再试，或联系管理员。",
        "Too many failed attempts: the account is locked. Try again in {minutes} minutes, or ask the operator.",
    ),
    "identity.login_step_expired": (
        "登录步骤已超时，请重新登录。",
        "This login step took too long; please start again.",
    ),
    "identity.one_time_password_expired": (
        "一次性密码已过期，请联系管理员重新发放。",
        "The one-time password is too old; please ask for a new one.",
    ),
    "identity.password_change_needed": (
        "首次登录请先设置自己的密码。",
        "Please choose a password of your own first.",
    ),
    "identity.password_repeat": ("两次输入的密码不一致。", "The two passwords differ."),
    "identity.password_same": ("新密码不能与原密码相同。", "The new password must differ from the old one."),
    "identity.password_weak": (
        "密码至少 {least} 位，包含大写、小写、数字、符号中的三种，且不含账号。",
        "A password has at least {least} characters of three kinds (upper, lower, digits, signs), without the login.",
    ),
    "identity.login_form": (
        "账号为 4 到 40 位小写字母、数字、点、横线或下划线，以字母或数字开头。",
        "A login has 4 to 40 lower-case letters, digits, dots, dashes or underscores, starting with letter or digit.",
    ),
    "identity.login_taken": ("这个账号已被使用。", "This login is taken."),
    "identity.operator_exists": (
        "已有管理员账号，请由其创建其他账号。",
        "There is an operator already, who creates further accounts.",
    ),
    "identity.roles_refused": ("角色与账号类型不符。", "These roles do not fit this kind of account."),
    "identity.roles_separated": (
        "系统管理、审核和审计应由不同的人承担。",
        "Operating, reviewing and auditing must be done by different people.",
    ),
    "identity.account_elsewhere": ("该账号属于另一家单位。", "The account belongs to another organisation."),
    "identity.test_only": (
        "指定密码只能用于测试环境。",
        "Setting a known password is only for TEST installations.",
    ),
    "identity.level_too_low": (
        "您的身份需要进一步核验后才能签署，请携带证件到服务窗口，或拨打服务热线。",
        "Your identity needs a further check before you can go on: come to the desk with your document or call the hot"
        " line.",
    ),
    "identity.id_number_invalid": (
        "证件号码格式或校验码不正确，请核对。",
        "The document number has a wrong form or check character.",
    ),
    "identity.phone_invalid": ("请填写 11 位手机号码。", "Please give a mobile number of 11 digits."),
    "identity.acknowledgement_unknown": (
        "请先阅读并确认个人信息处理告知。",
        "Please read and acknowledge the privacy notice first.",
    ),
    "identity.privacy_version": (
        "告知内容已更新，请重新阅读（版本 {version}）。",
        "The notice has changed; please read it again (version {version}).",
    ),
    "identity.purpose_needed": (
        "查看个人信息必须填写目的。",
        "Reading personal data needs a purpose.",
    ),
    "identity.consent_unknown": ("没有这一类授权。", "There is no such kind of consent."),
    "identity.scope_missing": (
        "该系统凭证没有“{scope}”权限。",
        "This credential does not have the scope '{scope}'.",
    ),
    "identity.scopes_unknown": ("权限范围不正确。", "These scopes are not known."),
    "identity.too_many_credentials": (
        "系统凭证不能超过 {most} 个，请先停用不再使用的。",
        "An organisation has at most {most} credentials; please revoke one first.",
    ),
    "identity.officer_wallet_missing": (
        "请先登记审核人员钱包，窗口核验由其签名。",
        "Please register the officer's wallet first: it signs desk checks.",
    ),
    "identity.desk_case_done": ("这次窗口核验已办结。", "This desk check is already recorded."),
    "identity.report_closed": ("该申诉已办结。", "This report is already closed."),
    "identity.signature_needed": (
        "外部钱包请提交签名。",
        "An external wallet must hand in its signature.",
    ),
    "identity.wallet_refused": (
        "钱包口令不正确或签名失败。",
        "The wallet's passphrase is wrong or it could not sign.",
    ),
    "identity.contract_id_form": ("合同标识格式不正确。", "The contract id has a wrong form."),
}

TEXTS: dict[str, tuple[str, str]] = {
    code: (zh, en) for code, (_status, zh, en) in SERVICE_TEXTS.items()
} | _OWN
