// The page's own words, Chinese first. Texts of steps, outcomes and sub-indications are handed in at build time, from
// the platform's one list of them.

export const NOT_CHECKED = {
  all: [
    ["流末尾之后是否另有事件（例如更晚的“不是我签的”）：结论只截至所附检查点。", "Events later than the checkpoint, such as a later “this was not me”."],
    ["时间戳机构、CA、身份服务本身是否诚实：信任根由使用者决定。", "Whether TSAs, CA and identity service are honest: the trust root's user decides."],
  ],
  contract: [
    ["授权在签署后、上链前是否被撤销，除非包内有撤销声明。", "A revocation of authority that no statement in the package shows."],
    ["版面：浏览器没有排版程序，未把 PDF 与其数据重新排版比对（第 20 步）。", "The layout: a browser has no renderer, so the PDF was not laid out again from its data (step 20)."],
  ],
  supervision: [["合同正文、PDF 与签名不在监管导出之中。", "Text, PDF and signatures are not in a regulator's export."]],
  clause: [
    ["其余条款、PDF 及其签名与时间戳、签署意愿、印章，均不在单条出示的包内。", "The other clauses, the PDF with its signatures and tokens, the intent and the seal are not in a package of one clause."],
  ],
  figure: [["计数器之外的口径。", "Anything but the counter."]],
};

const NO_RECORD = [
  "链上记录（第 17 步）：没有经验证人网络签名、可追溯到信任根的记录，它不作为结论依据。",
  "The chain's record (step 17): none that a network's validators signed and the trust root vouches for; it carries no verdict.",
];

/** What a proof from the chain leaves open: the step that judges it, and the line unless it passed. */
export const CHAIN_PROOF = {
  contract: { step: 17, unsigned: NO_RECORD },
  supervision: { step: 17, unsigned: NO_RECORD },
  figure: { step: 22, unsigned: ["区块头由谁作出。", "Who made the block's header."] },
};
/** And when it did. */
export const SIGNED_PROOF = [
  "验证人网络中是否有三分之一以上的权重合谋：轻证明以没有为前提。",
  "Whether a third or more of the validators' power conspired: a light proof presumes not.",
];

export const KINDS = {
  contract: ["一份劳动合同", "one labour contract"],
  supervision: ["监管导出", "a regulator's export"],
  clause: ["一份合同中的一条", "one clause of a contract"],
  figure: ["一个统计数字", "one figure"],
};

export const WORDS = {
  rootRead: ["已读取。请比对指纹：", "Read. Compare its fingerprint:"],
  rootBad: ["这不是可用的信任根文件", "This is not a trust root that can be used"],
  rootMissing: ["请先选择信任根文件（trust-root.json）。", "Choose the trust root file first (trust-root.json)."],
  packageMissing: ["请选择要核验的证据包文件（.zip）。", "Choose the package to verify (.zip)."],
  empty: ["文件是空的，请重新取得该文件。", "The file is empty. Get it again."],
  tooLarge: ["文件超过 20 MB，不是证据包。", "The file is larger than 20 MB: no evidence package."],
  unreadable: ["浏览器无法读取该文件，请重新选择。", "The browser can't read this file. Choose it again."],
  same: ["指纹一致。", "The fingerprints are equal."],
  differs: ["指纹不一致：请勿使用这份信任根，并核实来源。", "The fingerprints differ: do not use this trust root; find out where it came from."],
  short: ["指纹应为 64 位（0–9、a–f）。", "A fingerprint has 64 characters (0–9, a–f)."],
  notCompared: ["您没有比对信任根指纹。结论只在您相信这份信任根时成立。", "You have not compared the trust root's fingerprint. The verdict holds only if you believe this trust root."],
  compared: ["信任根指纹已与您输入的一致。", "The trust root's fingerprint equals the one that you typed."],
  browser: [
    "这个浏览器缺少核验所需的功能，不能作出结论。请用 2023 年以后的 Chrome、Edge、Firefox 或 Safari 从磁盘打开本页。",
    "This browser lacks what verification needs, so it gives no verdict. Open this page from disk in a Chrome, Edge, Firefox or Safari of 2023 or later.",
  ],
  running: ["正在核验", "Verifying"],
  broken: ["核验程序出现意外错误，没有结论：", "The verifier met an unexpected error, there is no verdict:"],
  test: ["测试信任根：本结论没有法律意义。", "TEST trust root: this verdict has no legal meaning."],
  steps: ["逐步结果", "Step by step"],
  summary: ["要点", "Key facts"],
  unchecked: ["没有核验什么", "What was not checked"],
  details: ["查看细节", "Details"],
  print: ["打印或存为 PDF", "Print or save as PDF"],
  save: ["保存结果（JSON）", "Save the result (JSON)"],
  again: ["核验另一个文件", "Verify another file"],
  file: ["文件", "File"],
  fileDigest: ["文件 SHA-256", "SHA-256 of the file"],
  kind: ["种类", "Kind"],
  moment: ["核验时刻", "Verified at"],
  fingerprint: ["信任根指纹", "Trust root's fingerprint"],
  rootVersion: ["信任根版本", "Version of the trust root"],
  installation: ["日志名称", "Log"],
  contract: ["合同标识与版本", "Contract and version"],
  workerSigned: ["劳动者签名时间", "Worker signed"],
  employerSigned: ["用人单位签名时间", "Employer signed"],
  sealed: ["文档时间戳", "Document timestamp"],
  wallet: ["用人单位钱包", "Employer's wallet"],
  checkpoint: ["检查点", "Checkpoint"],
  witnesses: ["见证人", "Witnesses"],
  clause: ["所出示的条款", "The clause shown"],
  figure: ["数字", "Figure"],
};
