"""Error texts of the slice: code → (Chinese, English)."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "employers.uscc_form": (
        "统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）。",
        "A unified social credit code has 18 digits or capital letters (without I, O, S, V, Z).",
    ),
    "employers.region_form": (
        "行政区划代码应为 6 位或 9 位数字。",
        "A region code has 6 or 9 digits.",
    ),
    "employers.region_street": (
        "请填写到街道（镇）的 9 位区划代码；只有个体工商户用 6 位。",
        "Give the 9-digit code of the street or town; only sole traders use 6 digits.",
    ),
    "employers.text_length": (
        "该项必填，且不超过 {longest} 个字。",
        "This field is required and has at most {longest} characters.",
    ),
    "employers.text_character": (
        "该项含有不可见字符或控制字符，请删除后重填。",
        "This field holds invisible or control characters; remove them.",
    ),
    "employers.phone_form": ("请填写 11 位手机号码。", "Give a mobile number of 11 digits."),
    "employers.id_number_form": (
        "身份证号码有误，请核对 18 位号码（含校验码）。",
        "The identity number is wrong; check its 18 characters, the check character included.",
    ),
    "employers.scope_form": (
        "请选择至少一项权限：起草、发送、签署。",
        "Choose at least one permission: draft, send, sign.",
    ),
    "employers.expiry_form": (
        "授权到期时间须在将来，且不超过三年。",
        "The authority must end in the future and within three years.",
    ),
    "employers.upload_form": ("只接受 PDF、PNG 或 JPEG 文件。", "Only PDF, PNG or JPEG files are accepted."),
    "employers.upload_size": (
        "文件过大，上限 {limit} 字节。",
        "The file is too large; the limit is {limit} bytes.",
    ),
    "employers.picture_form": (
        "印章图片须为 8 位 PNG，边长 120 至 1600 像素、接近方形（{reason}）。",
        "A seal picture is an 8-bit PNG, roughly square, 120 to 1600 pixels a side ({reason}).",
    ),
    "employers.demo_refused": (
        "正式环境不接受演示数据。",
        "Demonstration data is refused outside of TEST installations.",
    ),
    "employers.no_organisation": ("您的账号不属于任何用人单位。", "Your account belongs to no organisation."),
    "employers.representative_only": (
        "只有法定代表人可以办理此事项。",
        "Only the legal representative may do this.",
    ),
    "employers.not_verified": (
        "单位尚未通过审核（当前状态：{state}），暂不能办理。",
        "The organisation is not verified (state: {state}); this has to wait.",
    ),
    "employers.already_decided": (
        "该申请已有处理结果（{state}），不能再更改。",
        "The application was decided already ({state}) and can no longer be changed.",
    ),
    "employers.incomplete": (
        "材料不齐，尚缺：{missing}。",
        "The application is incomplete; missing: {missing}.",
    ),
    "employers.uscc_taken": (
        "该统一社会信用代码已有通过审核的单位，请按争议处理。",
        "A verified organisation holds this code already; settle it as a dispute.",
    ),
    "employers.uscc_unconfirmed": (
        "统一社会信用代码校验位不符。请核对营业执照后勾选人工确认并说明理由。",
        "The code's check character does not fit. Compare it with the licence, confirm it and give the reason.",
    ),
    "employers.decision_form": ("处理意见须为驳回或支持。", "The decision is either refuse or uphold."),
    "employers.wallet_exists": (
        "您已有在用的钱包。如已丢失，请先报失。",
        "You have a wallet in use. If you lost it, report the loss first.",
    ),
    "employers.wallet_known": (
        "该钱包地址已登记过，不能重复使用。",
        "This wallet address was registered before.",
    ),
    "employers.wallet_not_active": (
        "该钱包已报失或停用，不能再签署。",
        "The wallet was reported lost or replaced and can no longer sign.",
    ),
    "employers.wallet_not_yours": (
        "该钱包不是您被授权使用的钱包。",
        "This is not the wallet that you are authorised to use.",
    ),
    "employers.wallet_external": (
        "该钱包的私钥由您自己保管，请用钱包签名后提交。",
        "This wallet's key is with you: sign with the wallet and submit the signature.",
    ),
    "employers.wallet_replaced": (
        "法定代表人的钱包已更换，请用现用钱包重新办理。",
        "The representative's wallet was replaced; start again with the present one.",
    ),
    "employers.challenge_expired": (
        "验证文本已使用或已过期，请重新获取。",
        "The challenge was used or has expired; get a new one.",
    ),
    "employers.signature_form": (
        "签名须为 0x 开头的 65 字节十六进制。",
        "A signature is 65 bytes in hexadecimal with 0x.",
    ),
    "employers.signature_missing": ("请提供钱包签名或口令。", "Give a wallet signature or the passphrase."),
    "employers.signature_other": (
        "签名来自另一个钱包：应为 {expected}，实为 {found}。",
        "Another wallet signed: expected {expected}, found {found}.",
    ),
    "employers.statement_expired": (
        "待签声明已过期，请重新发起。",
        "The statement has expired; prepare it again.",
    ),
    "employers.statement_stale": (
        "期间单位已有其他变更，请重新发起。",
        "The organisation changed in the meantime; prepare the statement again.",
    ),
    "employers.not_a_registrar": (
        "您的钱包不在链上登记官名单中。",
        "Your wallet is not a registrar's on chain.",
    ),
    "employers.no_registrar_wallet": (
        "请先登记您的登记官钱包。",
        "Register your registrar wallet first.",
    ),
    "employers.representative_wallet_lost": (
        "法定代表人的钱包已报失，请先由审核人员登记新钱包。",
        "The representative's wallet was reported lost; the desk has to register the new one first.",
    ),
    "employers.no_new_wallet": (
        "法定代表人尚未建立新钱包。",
        "The representative has not made a new wallet yet.",
    ),
    "employers.revoke_first": (
        "该经办人的旧钱包 {wallet} 仍有授权，请先撤销。",
        "The agent's earlier wallet {wallet} is still authorised; revoke it first.",
    ),
    "employers.no_grant": ("该经办人目前没有有效授权。", "The agent has no authority at present."),
    "employers.not_authorised": (
        "您没有代表该单位办理此事项的权限。",
        "You are not authorised to do this for the organisation.",
    ),
    "employers.authority_expired": (
        "您的授权已到期，请法定代表人重新授权。",
        "Your authority has expired; the legal representative can renew it.",
    ),
    "employers.no_seal": ("单位尚未启用电子印章。", "The organisation has no seal in use."),
    "employers.no_new_seal": ("没有待启用的电子印章。", "There is no new seal to be put into use."),
    "employers.seal_choice": (
        "请二选一：设置口令由平台保管密钥，或提交证书请求。",
        "Either set a passphrase for a key kept here, or hand in a certification request.",
    ),
    "employers.not_deployed": (
        "链上合约尚未部署，暂不能签署声明。",
        "The contracts are not deployed yet; statements cannot be signed.",
    ),
    "employers.scope_missing": (
        "该系统凭据没有此项权限（{scope}）。",
        "This credential lacks the scope for it ({scope}).",
    ),
    "employers.request_form": (
        "证书请求（PKCS#10）无效。",
        "The certification request (PKCS#10) is not valid.",
    ),
}
