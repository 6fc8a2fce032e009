// Draws PDF bytes with pdf.js (vendored, its own worker, no plug-in) and writes the attached contract as reflowed text.

const WORKER = new URL("./vendor/pdfjs/pdf.worker.min.mjs", import.meta.url).href;
const DRAWN_WIDTH = 1100; // sharp on a phone at twice its width, and small enough for a cheap one's memory
const ATTACHMENT = "contract.json";

/** Open the file: {pages, contract, draw, close}. Throws where this browser cannot. */
export async function openPdf(bytes) {
  const pdfjs = await import("./vendor/pdfjs/pdf.min.mjs");
  pdfjs.GlobalWorkerOptions.workerSrc = WORKER;
  const task = pdfjs.getDocument({
    data: Uint8Array.from(bytes), // pdf.js takes the buffer away; the page keeps the bytes that it checked
    isEvalSupported: false,
    useWasm: false,
    enableXfa: false,
    stopAtErrors: true,
    useSystemFonts: false,
  });
  const pdf = await task.promise;
  return {
    pages: pdf.numPages,
    contract: async () => attachedContract(await pdf.getAttachments()),
    draw: (number, canvas) => drawPage(pdf, number, canvas),
    close: () => task.destroy(),
  };
}

async function drawPage(pdf, number, canvas) {
  const page = await pdf.getPage(number);
  const plain = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: DRAWN_WIDTH / plain.width });
  canvas.width = Math.ceil(viewport.width);
  canvas.height = Math.ceil(viewport.height);
  await page.render({ canvasContext: canvas.getContext("2d", { alpha: false }), canvas, viewport }).promise;
  page.cleanup();
}

function attachedContract(attachments) {
  const found = Object.values(attachments ?? {}).filter((file) => file.filename === ATTACHMENT);
  if (found.length !== 1) return null;
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(found[0].content));
}

/** The attached contract as headings and paragraphs. */
export function contractText(contract) {
  const fragment = document.createDocumentFragment();
  add(fragment, "h2", [contract.title, contract.subtitle].filter(Boolean).join(" · "));
  for (const party of contract.parties ?? []) {
    add(fragment, "h2", party.label);
    const list = add(fragment, "dl");
    for (const [label, value] of party.rows) {
      add(list, "dt", label);
      add(list, "dd", value);
    }
  }
  for (const [index, clause] of (contract.clauses ?? []).entries()) {
    add(fragment, "h2", `${index + 1}. ${clause.title}`);
    for (const paragraph of clause.text.split("\n")) add(fragment, "p", paragraph);
  }
  for (const notice of contract.notices ?? []) add(fragment, "p", notice);
  return fragment;
}

/** One canvas a page, drawn one after the other into `container`. `label(n, total)` gives {alt, caption}. */
export async function drawAll(pdf, container, label) {
  for (let number = 1; number <= pdf.pages; number++) {
    const { alt, caption } = label(number, pdf.pages);
    const figure = add(container, "figure");
    const canvas = add(figure, "canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", alt);
    add(figure, "figcaption", caption);
    await pdf.draw(number, canvas);
  }
}

function add(parent, name, content = "") {
  const element = document.createElement(name);
  if (content) element.textContent = content;
  parent.append(element);
  return element;
}
