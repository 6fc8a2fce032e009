// The sum of the weights while they are typed, and the unit of a fact as soon as it is chosen. Without this file the sum of
// what is saved stands there, and the unit stands behind the fact's name in the list.

const total = document.querySelector("[data-total]");
const inputs = [...document.querySelectorAll("input[data-weight]")];

function whole(input) {
  const text = input.value.trim();
  return /^\d{1,5}$/.test(text) ? Number(text) : NaN;
}

function add() {
  const sums = new Map();
  let sum = 0;
  for (const input of inputs) {
    const dimension = input.closest("[data-dimension]").dataset.dimension;
    const value = whole(input);
    sum += value;
    sums.set(dimension, (sums.get(dimension) ?? 0) + value);
  }
  const shown = (value) => (Number.isNaN(value) ? "—" : value.toLocaleString("en"));
  for (const place of document.querySelectorAll("[data-sum]")) place.textContent = shown(sums.get(place.dataset.sum));
  total.querySelector("[data-total-sum]").textContent = shown(sum);
  total.toggleAttribute("data-off", sum !== 10000);
  const wrong = sum > 10000 ? total.dataset.more : total.dataset.less;
  const text = sum === 10000 ? total.dataset.right : wrong + shown(Math.abs(10000 - sum));
  const place = total.querySelector("[data-total-text]");
  if (place.textContent !== text) place.textContent = text;
}

if (total && inputs.length) {
  for (const input of inputs) input.addEventListener("input", add);
  add();
}

for (const place of document.querySelectorAll("[data-unit-of]")) {
  const list = document.getElementById(place.dataset.unitOf);
  list?.addEventListener("change", () => {
    place.textContent = list.selectedOptions[0]?.dataset.unit ?? "";
  });
}
