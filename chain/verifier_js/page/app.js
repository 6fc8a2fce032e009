// The page: two files in, a verdict out. No storage, no network, no markup from input.

import { hex, sha256Sync } from "../src/bytes.js";
import { PLAN } from "../src/plan.js";
import { parseTrustRoot } from "../src/trust_root.js";
import { missingParts, toJson, verify } from "../src/verify.js";
import { MAX_BYTES } from "../src/zip.js";
import { alert, both, digest, h, showReport } from "./view.js";
import { WORDS } from "./words.js";

const MAX_ROOT = 2_000_000;
const $ = (id) => document.getElementById(id);

/** @param texts {steps, outcomes, verdicts, subs}: Chinese and English of everything that a report can say */
export function start(texts) {
  const chosen = { root: null, package: null };
  let trustRoot = null;
  let running = false;

  function note(id, ...children) {
    $(id).replaceChildren(...children);
  }

  async function readFile(file, limit) {
    if (file.size === 0) throw WORDS.empty;
    if (file.size > limit) throw WORDS.tooLarge;
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch {
      throw WORDS.unreadable;
    }
  }

  async function takeRoot(file) {
    trustRoot = null;
    $("test-banner").hidden = true;
    try {
      const bytes = await readFile(file, MAX_ROOT);
      if (chosen.root !== file) return; // another one was chosen meanwhile
      const read = await parseTrustRoot(bytes);
      if (chosen.root !== file) return;
      trustRoot = read;
    } catch (error) {
      const reason = Array.isArray(error) ? both(error) : [both(WORDS.rootBad), h("span", { class: "mono" }, String(error.message))];
      note("root-note", alert("danger", reason));
      compare();
      return;
    }
    $("test-banner").hidden = !trustRoot.test;
    note("root-note", h("p", { class: "note" }, both(WORDS.rootRead)), digest(trustRoot.fingerprint));
    compare();
  }

  /** true: equal; false: differs or no fingerprint; null: nothing typed. */
  function compare() {
    const typed = $("fingerprint").value.toLowerCase().replaceAll(/[\s:]/g, "");
    $("fingerprint").removeAttribute("aria-invalid");
    if (typed === "" || !trustRoot) {
      note("fingerprint-note");
      return null;
    }
    const same = typed === trustRoot.fingerprint;
    const words = same ? WORDS.same : /^[0-9a-f]{64}$/.test(typed) ? WORDS.differs : WORDS.short;
    if (!same) $("fingerprint").setAttribute("aria-invalid", "true");
    note("fingerprint-note", h("p", { class: `note note-${same ? "success" : "danger"}` }, both(words)));
    return same;
  }

  function take(kind, file) {
    if (!file) return;
    chosen[kind] = file;
    $(`${kind}-name`).textContent = `${file.name} · ${file.size.toLocaleString("en")} B`;
    document.querySelector(`[data-drop="${kind}"]`).dataset.filled = "";
    note(`${kind}-note`);
    if (kind === "root") takeRoot(file);
    else if (file.size > MAX_BYTES) note("package-note", alert("danger", both(WORDS.tooLarge)));
  }

  function refuse(id, words) {
    note(`${id}-note`, alert("danger", both(words)));
    $(id).focus();
  }

  async function run() {
    if (running || missingParts()) return;
    if (!trustRoot) return refuse("root", WORDS.rootMissing);
    if (!chosen.package) return refuse("package", WORDS.packageMissing);
    const compared = compare();
    if (compared === false) {
      $("fingerprint").focus();
      return;
    }
    running = true;
    $("start").setAttribute("aria-busy", "true");
    $("progress").hidden = false;
    try {
      await judge(trustRoot, chosen.package, compared === true);
    } catch (error) {
      if (Array.isArray(error)) refuse("package", error);
      else showBroken(error);
    } finally {
      running = false;
      $("start").removeAttribute("aria-busy");
      $("progress").hidden = true;
    }
  }

  async function judge(root, file, compared) {
    const data = await readFile(file, MAX_BYTES);
    const moment = Date.now();
    const report = await verify(data, root, { now: moment, progress: showProgress });
    const context = { fileName: file.name, fileDigest: hex(sha256Sync(data)), trustRoot: root, moment, compared };
    const result = { ...toJson(report), file: { name: file.name, sha256: context.fileDigest }, trust_root: root.fingerprint, test: root.test, moment: new Date(moment).toISOString() };
    showReport($("result"), report, texts, context, {
      print: () => print(),
      save: () => save(result),
      again,
    });
    reveal();
  }

  function showProgress(no, name) {
    $("bar").value = PLAN.findIndex((step) => step[0] === no) / PLAN.length;
    $("progress-text").textContent = `${WORDS.running.join(" ")} ${no} · ${(texts.steps[no] ?? [name])[0]}`;
    return new Promise((resolve) => setTimeout(resolve, 0)); // lets the page draw
  }

  function showBroken(error) {
    const button = h("button", { type: "button", class: "button button-secondary", onclick: again }, WORDS.again.join(" "));
    $("result").replaceChildren(
      alert("danger", both(WORDS.broken), h("p", { class: "mono" }, String(error?.message ?? error))),
      button,
    );
    reveal();
  }

  function reveal() {
    $("form").hidden = true;
    $("result").hidden = false;
    $("result").focus({ preventScroll: true });
    $("result").scrollIntoView({ block: "start" });
  }

  function again() {
    $("result").hidden = true;
    $("result").replaceChildren();
    $("form").hidden = false;
    $("package").focus();
  }

  function save(result) {
    const url = URL.createObjectURL(new Blob([JSON.stringify(result, null, 2)], { type: "application/json" }));
    const link = h("a", { href: url, download: "verification.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  for (const kind of ["root", "package"]) {
    const place = document.querySelector(`[data-drop="${kind}"]`);
    $(kind).addEventListener("change", (event) => take(kind, event.target.files[0]));
    place.addEventListener("dragover", (event) => {
      event.preventDefault();
      place.dataset.over = "";
    });
    place.addEventListener("dragleave", () => delete place.dataset.over);
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      delete place.dataset.over;
      take(kind, event.dataTransfer.files[0]);
    });
  }
  // a file dropped beside the boxes must not make the browser leave the page
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  const missing = missingParts();
  if (missing) {
    note("root-note", alert("danger", both(WORDS.browser), h("p", { class: "mono" }, missing)));
    $("start").disabled = true;
  }
  $("fingerprint").addEventListener("input", compare);
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
}
