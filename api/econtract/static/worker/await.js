// Waits for a file that is a few seconds away, then saves it. Without JavaScript the page's own link does the same.

const holder = document.querySelector("[data-await]");
const PAUSE_MS = 3000;
const TRIES = 40;

if (holder) run();

async function run() {
  const line = holder.querySelector(".waiting");
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const answer = await fetch(holder.dataset.await, { credentials: "same-origin", headers: { accept: "application/zip" } }).catch(() => null);
    if (!answer?.ok) continue;
    save(await answer.blob(), nameOf(answer));
    line.textContent = holder.dataset.done;
    return;
  }
  line.textContent = holder.dataset.late;
}

function nameOf(answer) {
  const match = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("content-disposition") ?? "");
  return match ? decodeURIComponent(match[1]) : "evidence.zip";
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
