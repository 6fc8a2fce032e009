// A department's file goes to the server in pieces, with progress. Without this file the form sends it, up to the limit of
// the platform's other uploads.

const form = document.querySelector("form[data-delivery]");
const progress = form?.querySelector("[data-progress]");
const bar = progress?.querySelector("progress");
const words = progress?.querySelector("[data-progress-text]");
const texts = progress?.dataset; // not of the form: its field `dataset` goes by that name there
const failed = form?.querySelector("[data-failed]");
const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

function refuse(text) {
  progress.hidden = true;
  failed.hidden = false;
  failed.querySelector("[data-failed-text]").textContent = text;
  failed.focus();
  form.removeAttribute("aria-busy");
  for (const button of form.querySelectorAll("button")) button.disabled = false;
}

function say(text) {
  if (words.textContent !== text) words.textContent = text;
}

function moved(event) {
  if (!event.lengthComputable) return;
  const percent = Math.floor((100 * event.loaded) / event.total);
  bar.value = percent;
  const tenth = percent - (percent % 10);
  say(event.loaded < event.total ? `${texts.sending} ${tenth} %` : texts.checking);
}

function answered(request) {
  let body = {};
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // a gateway's page instead of an answer: the status says enough
  }
  if (request.status === 201 || request.status === 202) location.assign(`/exchange/batches/${body.id}`);
  else if (request.status === 401 || body.code === "csrf") refuse(texts.login);
  else refuse(body[`detail_${language}`] ?? `${texts.unknown} (${request.status})`);
}

function send(event) {
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const fields = new FormData(form);
  const file = fields.get("file");
  if (file.size > Number(texts.limit)) {
    refuse(texts.large);
    return;
  }
  const query = new URLSearchParams({ mode: fields.get("mode"), trial: fields.has("trial") });
  for (const name of ["period_from", "period_to"]) if (fields.get(name)) query.set(name, fields.get(name));
  const dataset = encodeURIComponent(fields.get("dataset"));
  const request = new XMLHttpRequest();
  request.open("PUT", `/api/v1/exchange/datasets/${dataset}/files/${encodeURIComponent(file.name)}?${query}`);
  request.setRequestHeader("x-csrf-token", csrf);
  request.setRequestHeader("content-type", "application/octet-stream");
  request.upload.addEventListener("progress", moved);
  request.addEventListener("load", () => answered(request));
  for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => refuse(texts.lost));
  form.setAttribute("aria-busy", "true");
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  failed.hidden = true;
  progress.hidden = false;
  bar.value = 0;
  say(`${texts.sending} 0 %`);
  request.send(file);
}

form?.addEventListener("submit", send);
