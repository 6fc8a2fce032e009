// The reading screen's PDF view: draws the base document into [data-pdf] with the signing page's own viewer, so that
// the viewer is in the browser's cache before the signature. Where it cannot draw, the pictures below stay.

import { drawAll, openPdf } from "./viewer.js";

for (const holder of document.querySelectorAll("[data-pdf]")) {
  const details = holder.closest("details");
  const run = () => read(holder).catch(() => holder.removeAttribute("aria-busy"));
  if (!details || details.open) run();
  else details.addEventListener("toggle", run, { once: true });
}

async function read(holder) {
  holder.setAttribute("aria-busy", "true");
  const answer = await fetch(holder.dataset.pdf, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const pdf = await openPdf(new Uint8Array(await answer.arrayBuffer()));
  const pages = document.createElement("div");
  holder.after(pages);
  const fill = (template, n, total) => template.replace("{n}", n).replace("{total}", total);
  await drawAll(pdf, pages, (n, total) => ({
    alt: fill(holder.dataset.alt, n, total),
    caption: fill(holder.dataset.caption, n, total),
  }));
  holder.hidden = true;
  document.dispatchEvent(new CustomEvent("pdf-drawn", { detail: { pages: pdf.pages } }));
}
