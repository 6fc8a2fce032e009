// The third screen: key facts, the prepared file, the intent factor, one tap. All state is on the server: a reload
// drops this page's preparation and prepares again; whoever is not at this step is sent back to where he is.

import { Api, Offline, Problem } from "./api.js";
import { Refused } from "./js/errors.js";
import { mayHavePasskey } from "./js/passkey.js";
import { Signing } from "./signing.js";
import { language, text, useLanguage } from "./texts.js";
import { contractText, drawAll, openPdf } from "./viewer.js";
import { alert, ask, button, codeLine, copyText, el, facts, localTime, progress, steps, translatePage } from "./view.js";

const screen = document.getElementById("screen");
const code = /^#([0-9A-Za-z_-]{8,100})$/.exec(location.hash)?.[1] ?? "";
const link = `${location.origin}/s/${code}`;
// What a refusal of the platform means for this page; everything else is shown with the platform's own words.
const PREPARE_AGAIN = new Set([
  "signing.attempt_expired",
  "signing.attempt_replaced",
  "signing.attempt_unknown",
  "signing.token_outside_certificate",
  "identity.intent_used",
]);
const SAME_SCREEN = /^(identity\.(not_confirmed|locked|rate_limited|intent_expired|sms_unavailable|provider_unavailable|service_unavailable)|signing\.(wait|in_progress|locked|intent_first)|timestamp\.|too_many_requests|idempotency_)/;

let api;
let signing;
let context;
let sheet; // what F's document says: title, key facts, round

start();

async function start() {
  if (!code) return fatal("warning", text("title"), text("noLink"));
  try {
    context = await new Api("").get(`/s/${code}/signing-context`);
  } catch (error) {
    return failed(error);
  }
  useLanguage(context.language, { hotline: context.hotline });
  translatePage();
  const banner = document.getElementById("test-banner");
  banner.textContent = text("test");
  banner.hidden = !context.test;
  api = new Api(context.csrf_token);
  if (!isSecureContext || !crypto?.subtle) return unable();
  try {
    sheet = await api.get(`/api/v1/sign/${code}/document`);
    if (sheet.step !== "sign") return location.replace(link);
    signing = new Signing(api, sheet.round_id);
    await prepare();
  } catch (error) {
    failed(error);
  }
}

async function prepare() {
  show(el("h1", {}, text("heading")), el("p", { class: "waiting", role: "status" }, el("span", { class: "spinner", "aria-hidden": "true" }), ` ${text("drawing")}`));
  const bytes = await signing.enter();
  let pdf;
  try {
    pdf = await openPdf(bytes);
  } catch {
    return unable();
  }
  const contract = await pdf.contract();
  if (!contract) throw new Refused("page.no_attached_contract");
  await showScreen(pdf, contract);
}

async function showScreen(pdf, contract) {
  const rows = (contract.key_facts ?? []).map(({ label, value }) => ({ label, value }));
  const drawn = el("div", { class: "drawn-pages" });
  const pdfView = el("div", { class: "document drawn", id: "view-pdf", role: "tabpanel", "aria-labelledby": "tab-pdf", tabindex: "0", hidden: true }, drawn);
  const textView = el("div", { class: "document", id: "view-text", role: "tabpanel", "aria-labelledby": "tab-text", tabindex: "0" }, contractText(contract));
  const zoom = button(text("zoomIn"), "quiet", () => {
    zoom.textContent = text(pdfView.classList.toggle("zoom-2") ? "zoomOut" : "zoomIn");
  });
  zoom.hidden = true;
  const messages = el("div", { id: "messages", "aria-live": "assertive" });
  const intent = el("section", { class: "card", id: "intent" });
  const sign = button(text("sign"), "primary", () => tap(), { id: "sign" });
  show(
    steps(),
    el("h1", {}, text("heading")),
    el("p", {}, text("lead")),
    el("section", { "aria-label": text("facts") }, facts(rows)),
    el("h2", {}, text("fileHeading")),
    tabs(textView, pdfView, zoom),
    textView,
    pdfView,
    zoom,
    el("p", { class: "muted small" }, `✓ ${text("checked")}`),
    el("h2", {}, text("intentHeading")),
    intent,
    messages,
    ways(),
  );
  screen.after(el("div", { class: "bar", id: "bar", role: "region", "aria-label": text("intentHeading") }, el("div", { class: "inner" }, el("p", {}, text("signHint")), sign)));
  const factor = factors(intent, sign, messages);
  await drawAll(pdf, drawn, (n, total) => ({ alt: text("pageAlt", { n }), caption: text("pageOf", { n, total }) }));

  async function tap() {
    const otp = factor.otp();
    if (otp === "") {
      messages.replaceChildren(alert("warning", text("needOtp")));
      return factor.focus();
    }
    const marks = progress([["key", text("pKey")], ["intent", text("pIntent")], ["check", text("pCheck")], ["sign", text("pSign")], ["token", text("pToken")]]);
    messages.replaceChildren(el("div", { class: "card" }, el("strong", {}, text("progress")), marks.list));
    messages.scrollIntoView({ block: "center" });
    sign.disabled = true;
    try {
      const result = await signing.sign({ otp, report: marks.begin });
      if (result.fallback) {
        factor.useOtp();
        messages.replaceChildren(alert("warning", text("passkeyFailed")));
        return;
      }
      marks.finish();
      return signed(result);
    } catch (error) {
      marks.fail();
      if (error instanceof Refused) return failed(error);
      if (error instanceof Problem && error.code === "signing.already_signed") return location.replace(link);
      factor.clear();
      messages.append(notice(error));
      messages.lastChild.focus();
    } finally {
      sign.disabled = false;
    }
  }
}

function tabs(textView, pdfView, zoom) {
  const select = (chosen) => {
    for (const [tab, view] of [[textTab, textView], [pdfTab, pdfView]]) {
      const on = view === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      view.hidden = !on;
    }
    zoom.hidden = chosen !== pdfView;
  };
  const tab = (id, label, view) =>
    el("button", { type: "button", class: "tab", role: "tab", id, "aria-controls": view.id, onclick: () => select(view) }, label);
  const textTab = tab("tab-text", text("tabText"), textView);
  const pdfTab = tab("tab-pdf", text("tabPdf"), pdfView);
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": text("fileHeading") }, textTab, pdfTab);
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = document.activeElement === textTab ? pdfTab : textTab;
    other.click();
    other.focus();
  });
  select(textView);
  return list;
}

// The intent factor: a passkey where one is enrolled and this browser may have it, else the one-time password.
function factors(card, sign, messages) {
  const { intent } = signing.attempt;
  let passkey = Boolean(intent.passkey?.credential_ids.length) && mayHavePasskey();
  const input = el("input", { class: "input input-code", id: "otp", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 6, pattern: "[0-9]*" });
  const send = button(text("otpSend"), "secondary", request);
  const sent = el("p", { class: "small", role: "status" });
  const switcher = button("", "quiet", () => draw(!passkey));

  async function request() {
    send.disabled = true;
    try {
      const answer = await signing.requestOtp();
      sent.textContent = text("otpSent", { phone: answer.sent_to });
      input.focus();
      countDown(answer.resend_at);
    } catch (error) {
      send.disabled = false;
      messages.replaceChildren(notice(error));
    }
  }

  function countDown(until) {
    const left = Math.ceil((new Date(until) - Date.now()) / 1000);
    if (!(left > 0)) {
      send.disabled = false;
      send.textContent = text("otpAgain");
      return;
    }
    send.textContent = text("otpWait", { seconds: Math.min(left, 600) });
    setTimeout(() => countDown(until), 1000);
  }

  function draw(withPasskey) {
    passkey = withPasskey;
    sign.textContent = text(passkey ? "signPasskey" : "sign");
    switcher.textContent = text(passkey ? "otpUse" : "passkeyUse");
    const enrolled = Boolean(intent.passkey?.credential_ids.length) && mayHavePasskey();
    card.replaceChildren(
      ...(passkey
        ? [el("p", {}, text("passkeyLead"))]
        : [
            el("p", {}, text("otpLead", { phone: intent.phone_hint })),
            el("p", {}, send),
            sent,
            el("label", { class: "field-label", for: "otp" }, text("otpLabel")),
            input,
          ]),
      ...(enrolled ? [switcher] : []),
    );
  }

  draw(passkey);
  return {
    otp: () => (passkey ? null : /^\d{6}$/.test(input.value.trim()) ? input.value.trim() : ""),
    focus: () => input.focus(),
    clear: () => {
      input.value = "";
    },
    useOtp: () => draw(false),
  };
}

// Ways out, as easy to find as the way on.
function ways() {
  const act = async (path, body) => {
    try {
      await api.post(`/api/v1/sign/${code}/${path}`, body);
      fatal("success", text("sent"), null, el("p", {}, el("a", { href: link, class: "button button-secondary" }, text("backToStart"))));
    } catch (error) {
      failed(error);
    }
  };
  const change = async () => {
    const what = await ask({ title: text("change"), label: text("changeWhat") });
    if (what) await act("change-request", { text: what });
  };
  const reject = async () => {
    const reason = await ask({ title: text("reject"), label: text("rejectWhy"), danger: true });
    if (reason) await act("reject", { reason });
  };
  const notMe = async () => {
    const note = await ask({ title: text("notMe"), lead: text("notMeLead"), label: text("notMeNote"), optional: true, danger: true });
    if (note !== null) await act("not-me", note ? { note } : {});
  };
  return el(
    "section",
    {},
    el("h2", {}, text("other")),
    el("div", { class: "row" }, button(text("change"), "secondary", change), button(text("reject"), "danger", reject), button(text("notMe"), "quiet", notMe)),
  );
}

function signed(result) {
  fatal(
    "success",
    text("signedTitle"),
    text("signedText"),
    el("p", { class: "muted" }, text("signedAt", { time: localTime(result.token_time ?? result.signed_at) })),
    el("p", {}, el("a", { class: "button button-primary", href: link }, text("toContract"))),
  );
}

function notice(error) {
  if (error instanceof Offline) return alert("warning", text("networkTitle"), text("networkText"));
  if (!(error instanceof Problem)) {
    return alert("danger", text("failedTitle"), text("failedText"), codeLine(error?.code ?? error?.name ?? "error"));
  }
  const words = error.detail(language()) || text("failedText");
  if (PREPARE_AGAIN.has(error.code)) {
    return alert("warning", text("expiredTitle"), words, el("p", {}, button(text("again"), "primary", again)), codeLine(error.code));
  }
  if (SAME_SCREEN.test(error.code) || error.status >= 500) return alert("danger", text("failedTitle"), words, codeLine(error.code));
  const onward = error.code === "signing.page_release_unknown" ? `${link}/sign` : link;
  return alert("danger", text("failedTitle"), words, el("p", {}, el("a", { class: "button button-secondary", href: onward }, text("backToStart"))), codeLine(error.code));
}

function again() {
  prepare().catch(failed);
}

/** Nothing more can be done on this screen: say why and what to do. */
function failed(error) {
  signing?.drop();
  if (error instanceof Refused) {
    const text_ = error.code.startsWith("page.other_file") || error.code.startsWith("pdf.") ? "fileRefusedText" : "refusedText";
    return fatal("danger", text("refusedTitle"), text(text_), codeLine(error.code));
  }
  const first = notice(error);
  const more = first.querySelector("a, button") ? [] : [el("a", { class: "button button-quiet", href: link }, text("backToStart"))];
  fatalNode(first, el("p", { class: "row" }, button(text("retry"), "primary", () => location.reload()), ...more));
}

/** The browser lacks what signing needs: reading goes on, signing moves to another browser. */
function unable() {
  const copy = button(text("copyLink"), "primary", () => copyText(link, copy));
  const wechat = /MicroMessenger/i.test(navigator.userAgent);
  fatalNode(
    alert("warning", text("browserTitle"), text("browserText"), wechat ? text("wechatHelp") : null),
    el("p", { class: "row" }, copy, el("a", { class: "button button-secondary", href: `${link}/text` }, text("pageImages"))),
    el("p", { class: "muted" }, link),
  );
}

function fatal(tone, title, paragraph, ...more) {
  fatalNode(alert(tone, title, paragraph), ...more);
}

function fatalNode(first, ...more) {
  show(el("h1", {}, text("heading")), first, ...more);
  first.focus();
}

function show(...nodes) {
  document.getElementById("bar")?.remove();
  screen.replaceChildren(...nodes);
}
