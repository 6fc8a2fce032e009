// The draft form: fields that depend on others, and further custom clauses. Saving is htmx's work.

const form = document.getElementById("draft");

function valueOf(name) {
  const field = form.elements[`f_${name}`];
  return field ? field.value : "";
}

function showDependent() {
  for (const place of form.querySelectorAll("[data-show-if]")) {
    const rule = place.dataset.showIf;
    const not = rule.includes("!=");
    const [name, wanted] = rule.split(not ? "!=" : "=");
    place.hidden = (valueOf(name) === wanted) === not;
  }
}

const holder = document.getElementById("custom-clauses");
const add = document.getElementById("add-clause");
const MOST = 20;

add.hidden = false;
add.addEventListener("click", () => {
  const next = document.importNode(document.getElementById("clause-template").content, true).firstElementChild;
  const number = holder.children.length + 1;
  for (const field of next.querySelectorAll("input, textarea")) {
    const label = next.querySelector(`label[for="${field.id}"], label[for="${field.name}"]`);
    field.id = `${field.name}_more_${number}`;
    if (label) label.htmlFor = field.id;
  }
  holder.append(next);
  next.querySelector("input").focus();
  add.hidden = holder.children.length >= MOST;
});

form.addEventListener("change", showDependent);
showDependent();
