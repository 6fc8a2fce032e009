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
  keepDraft(form);
  form.setAttribute("data-sent", ""); // a field may be named "dataset"
  event.submitter?.setAttribute("aria-busy", "true");
});

// What staff typed into a form survives a refusal and a new login: kept in this tab until the form's page is open again.
// Never passwords or files; gone with the first answer that is no problem, at logout, and with the tab.
const DRAFT = "concord-draft";
const problem = document.querySelector("[data-problem]");

const keyOf = (form) => `${form.getAttribute("action")} ${form.querySelector('input[name="action"]')?.value ?? ""}`;
const typed = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit", "button", "fieldset"].includes(field.type));

function keepDraft(form) {
  if (form.getAttribute("action") === "/logout") return sessionStorage.removeItem(DRAFT);
  if (form.method !== "post" || !document.documentElement.classList.contains("staff") || location.pathname.startsWith("/login")) return;
  const fields = typed(form).map((field) => [field.name, field.value, field.checked ?? false, field.labels?.[0]?.firstChild?.textContent.trim()]);
  sessionStorage.setItem(DRAFT, JSON.stringify({ page: location.pathname + location.search, key: keyOf(form), fields }));
}

function restoreDraft() {
  const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
  if (!draft) return;
  if (problem) {
    sessionStorage.setItem(DRAFT, JSON.stringify({ ...draft, wrong: problem.dataset.problem.split(" ") }));
    for (const pointer of problem.querySelectorAll("[data-pointer]")) {
      const label = draft.fields.find(([name]) => `/${name}` === pointer.textContent)?.[3];
      if (label) pointer.textContent = label; // the form's own word
    }
    return;
  }
  const here = draft.page === location.pathname + location.search;
  if (draft.wrong && !here) return; // on the way back, perhaps by the login
  sessionStorage.removeItem(DRAFT);
  const form = draft.wrong && [...document.forms].find((one) => keyOf(one) === draft.key);
  if (!form) return;
  const left = [...draft.fields];
  for (const field of typed(form)) {
    const at = left.findIndex(([name, value]) => name === field.name && (!["radio", "checkbox"].includes(field.type) || value === field.value));
    if (at < 0) continue;
    const [[, value, checked]] = left.splice(at, 1);
    if (["radio", "checkbox"].includes(field.type)) field.checked = checked;
    else field.value = value;
    if (!draft.wrong.includes(field.name)) continue;
    field.setAttribute("aria-invalid", "true");
    field.closest(".field")?.classList.add("field-invalid");
  }
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const note = document.createElement("p");
  note.className = "alert alert-warning";
  note.textContent = document.getElementById("messages").dataset.restored;
  form.prepend(note);
  (form.querySelector('[aria-invalid="true"]') ?? typed(form)[0])?.focus();
}

restoreDraft();

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
