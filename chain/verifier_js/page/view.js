// The result as page elements. Whatever a package holds goes in as text, never as markup.

import { CHAIN_PROOF, KINDS, NOT_CHECKED, SIGNED_PROOF, WORDS } from "./words.js";

const TONES = { passed: "success", indeterminate: "warning", failed: "danger" };
const LONGEST_FACT = 4000;

/** An element with attributes and children (elements or texts). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== ""));
  return element;
}

/** Chinese, and English under it. */
export const both = ([zh, en]) => [zh, h("span", { class: "en", lang: "en" }, en)];

/** A digest in groups of eight: people compare the first and the last group. */
export const digest = (text) =>
  h("span", { class: "digest", "aria-label": text }, (text.match(/.{1,8}/g) ?? []).map((group) => h("span", {}, group)));

export function alert(tone, title, ...body) {
  return h("div", { class: `alert alert-${tone}`, role: tone === "danger" ? "alert" : "status" }, h("p", { class: "alert-title" }, title), body.filter(Boolean));
}

const fill = (template, facts) =>
  template.replace(/\{([a-z_]{1,30})\}/g, (_, name) => (Object.hasOwn(facts, name) ? factText(facts[name]) : ""));

function factText(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return String(text).slice(0, LONGEST_FACT);
}

function finding(step, texts) {
  const [code] = step.sub_indication.split(" ");
  const reason = texts.subs[code] ?? [code, code];
  const facts = Object.entries(step.facts ?? {});
  const waiting = code === "DEPENDS_ON";
  const why = [];
  if (code) why.push(h("p", {}, both([fill(reason[0], step.facts), fill(reason[1], step.facts)])));
  if (code && !waiting) why.push(h("p", { class: "mono" }, step.sub_indication));
  if (facts.length > 0 && !waiting) {
    const list = facts.map(([name, value]) => h("div", {}, h("dt", { class: "mono" }, name), h("dd", { class: "mono" }, factText(value))));
    why.push(h("details", {}, h("summary", {}, WORDS.details.join(" ")), h("dl", { class: "facts" }, list)));
  }
  return h(
    "li",
    { id: `step-${step.no}`, "data-step": String(step.no), "data-outcome": step.outcome, "data-sub": step.sub_indication },
    h("span", { class: "finding-no" }, String(step.no)),
    h("span", {}, both(texts.steps[step.no] ?? [step.name, step.name])),
    h("span", { class: `badge badge-${TONES[step.outcome]}` }, texts.outcomes[step.outcome].join(" ")),
    why.length > 0 ? h("div", { class: "finding-why" }, why) : null,
  );
}

function keyFacts(report, { fileName, fileDigest, trustRoot, moment }) {
  const step = (no) => {
    const found = report.steps.find((one) => one.no === no);
    return found?.outcome === "passed" ? found.facts : {};
  };
  const opened = step(4);
  const tokens = step(6);
  const log = step(14);
  const witnesses = report.steps.find((one) => one.no === 15)?.facts ?? {};
  const rows = [
    [WORDS.file, fileName],
    [WORDS.fileDigest, digest(fileDigest)],
    [WORDS.kind, report.kind ? h("span", {}, both(KINDS[report.kind])) : "–"],
    [WORDS.moment, new Date(moment).toISOString()],
    [WORDS.fingerprint, digest(trustRoot.fingerprint)],
    [WORDS.rootVersion, `${trustRoot.value.version}${trustRoot.test ? " · TEST" : ""}`],
    [WORDS.installation, trustRoot.value.log_origin],
    [WORDS.contract, opened.contract_id && `${opened.contract_id} · ${opened.version}`],
    [WORDS.workerSigned, tokens.Worker],
    [WORDS.employerSigned, tokens.Employer],
    [WORDS.sealed, tokens.DocumentTimestamp],
    [WORDS.wallet, step(10).wallet],
    [WORDS.checkpoint, log.size && `${log.size} · ${log.root} · ${log.time}`],
    [WORDS.witnesses, witnesses.valid !== undefined && `${(witnesses.witnesses ?? []).join(", ") || "–"} (${witnesses.valid} / ${witnesses.threshold})`],
  ];
  const shown = rows.filter(([, value]) => value).map(([label, value]) => h("div", {}, h("dt", {}, both(label)), h("dd", {}, value)));
  return h("section", { class: "card" }, h("h2", {}, both(WORDS.summary)), h("dl", { class: "facts" }, shown));
}

// A party chose this text: characters that reorder or hide others show as what they are.
const plain = (text) => String(text).replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

function shownClause(report) {
  const found = report.steps.find((one) => one.no === 21 && one.outcome === "passed")?.facts;
  if (!found || report.verdict !== "passed") return null; // what did not hold is not repeated
  return h(
    "section",
    { class: "card" },
    h("h2", {}, both(WORDS.clause)),
    h("h3", {}, `${found.n} / ${found.of} · ${plain(found.title)}`),
    h("p", { class: "clause" }, plain(found.text)),
  );
}

function shownFigure(report) {
  const found = report.steps.find((one) => one.no === 22)?.facts;
  if (found?.value === undefined || report.verdict === "failed") return null;
  const rows = ["what", "region", "month", "value", "block", "height", "time"].filter((name) => found[name] !== undefined);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, both(WORDS.figure)),
    h("dl", { class: "facts" }, rows.map((name) => h("div", {}, h("dt", { class: "mono" }, name), h("dd", {}, factText(found[name] ?? "*"))))),
  );
}

function unchecked({ kind, steps }) {
  const lines = [...NOT_CHECKED.all, ...(NOT_CHECKED[kind] ?? [])];
  const proof = Object.hasOwn(CHAIN_PROOF, kind ?? "") ? CHAIN_PROOF[kind] : null;
  const signed = proof && steps.some(({ no, outcome }) => no === proof.step && outcome === "passed");
  if (proof) lines.push(signed ? SIGNED_PROOF : proof.unsigned);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, both(WORDS.unchecked)),
    h("ul", { class: "unchecked" }, lines.map((line) => h("li", {}, both(line)))),
  );
}

/** Links to the steps that decided against passing: what a reader looks for first. */
function decisive(report, texts) {
  if (report.verdict === "passed") return null;
  const steps = report.steps.filter((one) => one.outcome === report.verdict && !one.sub_indication.startsWith("DEPENDS_ON"));
  const line = ({ no, name }) => h("li", {}, h("a", { href: `#step-${no}` }, `${no} ${(texts.steps[no] ?? [name])[0]}`));
  return h("ul", { class: "decisive" }, steps.map(line));
}

/** Fill `place` with a report; `context` says what was verified, under which root and when. */
export function showReport(place, report, texts, context, actions) {
  const tone = TONES[report.verdict];
  const verdict = alert(
    tone,
    both(texts.verdicts[report.verdict]),
    decisive(report, texts),
    context.trustRoot.test ? h("p", { class: "note" }, both(WORDS.test)) : null,
    h("p", { class: "note" }, both(context.compared ? WORDS.compared : WORDS.notCompared)),
  );
  verdict.classList.add("verdict");
  verdict.dataset.verdict = report.verdict;
  place.replaceChildren(
    verdict,
    h(
      "div",
      { class: "actions no-print" },
      h("button", { type: "button", class: "button button-secondary", onclick: actions.print }, WORDS.print.join(" ")),
      h("button", { type: "button", class: "button button-secondary", onclick: actions.save }, WORDS.save.join(" ")),
      h("button", { type: "button", class: "button button-secondary", onclick: actions.again }, WORDS.again.join(" ")),
    ),
    ...[shownClause(report), shownFigure(report)].filter(Boolean),
    keyFacts(report, context),
    h("h2", {}, both(WORDS.steps)),
    h("ol", { class: "findings" }, report.steps.map((step) => finding(step, texts))),
    unchecked(report),
  );
}
