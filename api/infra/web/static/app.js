// Small behaviours of every page: CSRF for htmx, dialogs, copying, file drop, one submit at a time.
// Pages work without this file; it only makes them quicker to use.

const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrf;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "messages") event.detail.target.scrollIntoView({ block: "nearest" });
  focusMarked(event.detail.target);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) closer.closest("dialog")?.close();
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

async function copy(button) {
  const text = button.dataset.copy;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByHand(text); // in-app browsers without the clipboard interface
  }
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = label; }, 2000);
}

function copyByHand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

for (const drop of document.querySelectorAll("[data-file-drop]")) {
  const input = drop.querySelector("input[type=file]");
  const names = drop.querySelector("[data-file-names]");
  const empty = names.textContent;
  input.addEventListener("change", () => {
    names.textContent = [...input.files].map((file) => file.name).join("、") || empty;
  });
  input.addEventListener("dragenter", () => drop.setAttribute("data-over", ""));
  for (const end of ["dragleave", "drop"]) input.addEventListener(end, () => drop.removeAttribute("data-over"));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[hx-post],[hx-get],[data-hx-post],[data-download]")) return;
  if (form.hasAttribute("data-sent")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("data-sent", ""); // a field may be named "dataset"
  event.submitter?.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// A menu that is taller than the screen scrolls by itself: begin where the present page's link is.
const menu = document.querySelector(".side-menu-long");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollTop += here.getBoundingClientRect().bottom - menu.getBoundingClientRect().top - innerHeight * 0.6;

function focusMarked(root) {
  root.querySelector("[data-focus]")?.focus();
}
focusMarked(document);
