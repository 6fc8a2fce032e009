// How long and how far the text was read (event E07): seconds in the foreground, end of the text seen, pages drawn.
// Sent now and then and when the page is left; without JavaScript the event says zero seconds, which is the truth.

const holder = document.querySelector("[data-reading]");
const end = document.getElementById("text-end");
const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const EVERY_MS = 15_000;

let seconds = 0;
let finished = false;
let pages = [];

if (holder && end) {
  setInterval(() => {
    if (document.visibilityState === "visible") seconds += 1;
  }, 1000);
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      finished = true;
      send();
    }
  }).observe(end);
  document.addEventListener("pdf-drawn", (event) => {
    pages = Array.from({ length: event.detail.pages }, (_, i) => i + 1);
  });
  setInterval(send, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  document.getElementById("consent")?.addEventListener("submit", send);
}

function send() {
  if (!seconds && !finished && !pages.length) return;
  const body = JSON.stringify({ seconds, pages, finished });
  seconds = 0;
  pages = [];
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const headers = { "content-type": "application/json", "x-csrf-token": csrf, "idempotency-key": key };
  fetch(`/api/v1/sign/${holder.dataset.reading}/reading`, { method: "POST", headers, body, keepalive: true, credentials: "same-origin" }).catch(() => {});
}
