// Small pieces of screen: elements, alerts, steps, key facts, dialogs. Everything goes in as text, never as HTML.

import { language, text } from "./texts.js";

/** Element with attributes and children; strings become text nodes. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(label, kind, onclick, attributes = {}) {
  return el("button", { type: "button", class: `button button-${kind}`, onclick, ...attributes }, label);
}

export function alert(tone, title, ...paragraphs) {
  return el(
    "div",
    { class: `alert alert-${tone}`, role: tone === "danger" ? "alert" : "status", tabindex: "-1" },
    el("strong", {}, title),
    ...paragraphs.filter(Boolean).map((part) => (typeof part === "string" ? el("p", {}, part) : part)),
  );
}

export const codeLine = (code) => el("p", {}, `${text("code")} `, el("code", {}, code));

export function steps() {
  const names = [text("stepIdentity"), text("stepRead"), text("stepSign")];
  return el(
    "nav",
    { "aria-label": text("steps") },
    el(
      "ol",
      { class: "steps" },
      ...names.map((name, i) =>
        i < 2
          ? el("li", { class: "done" }, `✓ ${name}`, el("span", { class: "visually-hidden" }, ` ${text("done")}`))
          : el("li", { class: "now", "aria-current": "step" }, `3 ${name}`),
      ),
    ),
  );
}

export function facts(rows) {
  return el("dl", { class: "facts" }, ...rows.map(({ label, value }) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
}

/** The list of the signing steps; `begin(name)` marks the ones before as done, `fail()` the present one. */
export function progress(names) {
  const items = new Map(names.map(([name, label]) => [name, el("li", {}, label)]));
  const list = el("ol", { class: "checks", "aria-live": "polite" }, ...items.values());
  let present = null;
  return {
    list,
    begin(name) {
      for (const [key, item] of items) {
        if (key === name) break;
        item.className = "done";
      }
      present = items.get(name) ?? null;
      if (present) present.className = "busy";
    },
    finish() {
      for (const item of items.values()) item.className = "done";
    },
    fail() {
      if (present) present.className = "failed";
    },
  };
}

/** Ask for a text in a dialog; resolves to the text or null. */
export function ask({ title, lead, label, optional = false, danger = false }) {
  return new Promise((resolve) => {
    const area = el("textarea", { class: "input", id: "ask-text", rows: 4, maxlength: 500 });
    const error = el("p", { class: "small", role: "alert" });
    const close = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const submit = () => {
      const value = area.value.trim();
      if (!optional && value.length < 2) {
        error.textContent = text("tooShort");
        area.focus();
        return;
      }
      close(value);
    };
    const dialog = el(
      "dialog",
      { "aria-labelledby": "ask-title" },
      el("h2", { id: "ask-title" }, title),
      lead ? el("p", {}, lead) : null,
      el("label", { class: "field-label", for: "ask-text" }, label),
      area,
      error,
      el("div", { class: "row" }, button(text("confirm"), danger ? "danger" : "primary", submit), button(text("cancel"), "quiet", () => close(null))),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export async function copyText(value, trigger) {
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    const area = el("textarea", { class: "visually-hidden", readonly: true });
    area.value = value;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  trigger.textContent = text("copied");
}

/** A time of the platform (UTC text) as people read it in China. */
export function localTime(value) {
  const locale = language() === "en" ? "en-GB" : "zh-CN";
  return new Intl.DateTimeFormat(locale, { timeZone: "Asia/Shanghai", dateStyle: "long", timeStyle: "medium" }).format(new Date(value));
}

/** Fill the static texts of index.html. */
export function translatePage() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  document.title = `${text("title")} · ${text("platform")}`;
}
