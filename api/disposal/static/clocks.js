// Clocks that count on the page: the time left until a deadline, or the time since it ran out. The deadline itself is
// written by the server; without this file the page says the same, only standing still.

const texts = document.getElementById("clock-texts")?.dataset;
const clocks = [...document.querySelectorAll("[data-due]")].map((time) => ({
  due: Date.parse(time.dataset.due),
  left: time.parentElement.querySelector("[data-left]"),
}));

function spoken(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days) return `${days} ${texts.d} ${hours} ${texts.h}`;
  if (hours) return `${hours} ${texts.h} ${minutes} ${texts.m}`;
  return `${minutes} ${texts.m} ${seconds % 60} ${texts.s}`;
}

function tick() {
  for (const { due, left } of clocks) {
    if (!left || Number.isNaN(due)) continue;
    const seconds = Math.floor((due - Date.now()) / 1000);
    left.dataset.state = seconds < 0 ? "over" : seconds < 1800 ? "soon" : "far";
    left.textContent = `${seconds < 0 ? texts.over : texts.rest} ${spoken(Math.abs(seconds))}`;
  }
}

if (texts && clocks.length) {
  tick();
  setInterval(tick, 1000);
}
