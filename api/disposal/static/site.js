// The site form on a phone: every change is kept in IndexedDB at once and sent when there is a network.
// The server merges: an answer with the higher counter wins, photos are a set by SHA-256. Sending twice changes nothing.
// A case that was reopened, raised or transferred begins a new cycle: what the phone kept of an earlier one is put away.

const status = document.getElementById("sync");
const form = document.getElementById("site-form");
const list = document.getElementById("photos");
const caseId = status.dataset.case;
const api = `/api/v1/disposal/cases/${caseId}`;
const cycle = Number(status.dataset.cycle);
const NUMBERS = new Set(["workers_seen", "arrears_persons", "arrears_months"]);
const LONGEST = 1600;
const MOST = 30;
let csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
let running = null;
let more = false;

let db, device, state;

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("concord-site", 1);
    asked.onupgradeneeded = () => {
      for (const name of ["forms", "photos", "device"]) asked.result.createObjectStore(name);
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

function run(store, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode, { durability: "strict" });
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

const get = (store, key) => run(store, "readonly", (s) => s.get(key));
const put = (store, key, value) => run(store, "readwrite", (s) => s.put(value, key));
const drop = (store, key) => run(store, "readwrite", (s) => s.delete(key));

async function deviceName() {
  const known = await get("device", "name");
  if (known) return known;
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const made = Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => alphabet[byte % 32]).join("");
  await put("device", "name", made);
  return made;
}

async function change(input) {
  if (!input.name) return;
  let value = input.value;
  if (NUMBERS.has(input.name)) {
    const wrong = !input.checkValidity(); // also letters, which leave `value` empty
    if (wrong) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (wrong) return tell("refused", `${status.dataset.number}${labelOf(input.name)}`);
    if (value === "") return tell();
    value = Number.parseInt(value, 10);
  }
  const before = state.answers[input.name];
  if (before && before.value === value) return;
  state.answers[input.name] = { value, counter: (before?.counter ?? 0) + 1, at: new Date().toISOString() };
  await put("forms", caseId, state);
  tell();
  sync();
}

const labelOf = (name) => (form.elements[name]?.labels?.[0] ?? form.querySelector(`[name="${name}"]`)?.closest("fieldset")?.querySelector("legend"))?.firstChild.textContent.trim() ?? name;

// What the server takes: by the first bytes, as it looks at them itself. A photo once noted can't be taken back.
async function isPhoto(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.startsWith("\xff\xd8\xff") || text.startsWith("\x89PNG\r\n\x1a\n") || (text.startsWith("RIFF") && text.endsWith("WEBP"));
}

async function take(input) {
  const left = [];
  for (const file of input.files) {
    if (!(await isPhoto(file))) {
      left.push(`${file.name}${status.dataset.notphoto}`);
      continue;
    }
    if (state.photos.length >= MOST) {
      left.push(`${file.name}${status.dataset.most}`);
      continue;
    }
    const body = await smaller(file);
    const hash = await crypto.subtle.digest("SHA-256", await body.arrayBuffer());
    const sha256 = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (state.photos.some((photo) => photo.sha256 === sha256)) continue;
    await put("photos", `${caseId}/${sha256}`, body);
    const captured = Math.min(file.lastModified || Date.now(), Date.now());
    state.photos.push({ sha256, captured_at: new Date(captured).toISOString() });
    await put("forms", caseId, state);
  }
  input.value = "";
  await draw();
  tell();
  await sync();
  if (left.length) tell("refused", left.join(" "));
}

async function smaller(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < 1_000_000) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82))) ?? file;
  } catch {
    return file; // a browser that can't read it sends it as it is; the server checks what it is
  }
}

function pending() {
  const answers = Object.entries(state.answers).filter(([name, a]) => state.sent[name] !== a.counter).length;
  const photos = state.photos.filter((photo) => !photo.other && !state.received.includes(photo.sha256)).length; // another phone sends its own
  return answers + photos;
}

function tell(kind, text) {
  const waiting = pending();
  const offline = navigator.onLine === false;
  const begun = Object.keys(state.answers).length || state.photos.length;
  status.dataset.state = kind ?? (waiting ? "waiting" : begun ? "saved" : "empty");
  if (text) status.textContent = text;
  else if (!begun && !offline) status.textContent = status.dataset.empty;
  else if (waiting) status.textContent = `${status.dataset.waiting}${waiting}${offline ? ` · ${status.dataset.offline}` : ""}`;
  else status.textContent = offline ? status.dataset.offline : status.dataset.saved;
}

function show() {
  for (const [name, answer] of Object.entries(state.answers)) {
    const field = form.elements[name];
    if (field && document.activeElement !== field) field.value = String(answer.value);
  }
  tell();
}

async function draw() {
  const items = [];
  for (const photo of state.photos) {
    const item = document.createElement("li");
    const kept = await get("photos", `${caseId}/${photo.sha256}`);
    const received = state.received.includes(photo.sha256);
    const picture = document.createElement("img");
    picture.alt = list.dataset.alt;
    picture.src = kept ? URL.createObjectURL(kept) : `${api}/photos/${photo.sha256}`;
    const label = document.createElement("span");
    label.className = "small";
    label.textContent = `${received ? list.dataset.sent : list.dataset.waiting} · ${photo.sha256.slice(0, 8)}`;
    item.append(picture, document.createElement("br"), label);
    items.push(item);
  }
  list.replaceChildren(...items); // at once: two calls that overlap must not show a photo twice
}

// One round at a time; what is asked for while one runs gets a round of its own.
function sync() {
  more = true;
  running ??= rounds().finally(() => { running = null; });
  return running;
}

async function rounds() {
  while (more) {
    more = false;
    await once();
  }
}

async function once() {
  if (navigator.onLine === false) return tell();
  try {
    const sent = Object.fromEntries(Object.entries(state.answers).map(([name, a]) => [name, a.counter]));
    const answers = Object.entries(state.answers).filter(([, a]) => !a.other).map(([name, { value, counter, at }]) => ({ name, value, counter, at }));
    const photos = own(); // a photo taken from here on goes with the next round: the server must know it before its bytes come
    const fresh = answers.length || state.photos.length
      ? await send(`${api}/form`, () => ({ headers: { "content-type": "application/json" }, body: JSON.stringify({ device, cycle: state.cycle, answers, photos }) }))
      : await send(`${api}/form`, () => ({ method: "GET" }));
    const others = await merged(fresh, sent);
    for (const photo of photos) {
      const key = `${caseId}/${photo.sha256}`;
      const body = await get("photos", key);
      if (!body) continue;
      if (!state.received.includes(photo.sha256)) {
        await send(`${api}/photos/${photo.sha256}`, () => {
          const data = new FormData();
          data.append("photo", body, "photo");
          return { body: data };
        });
        state.received.push(photo.sha256);
        await put("forms", caseId, state);
      }
      await drop("photos", key); // the server has it under the same digest
    }
    await draw();
    show();
    if (others.length) tell("changed", `${status.dataset.changed}${others.map(labelOf).join(status.dataset.joint)}`);
  } catch (error) {
    if (error instanceof Refused) tell("refused", error.message);
    else tell(); // no network after all: the next one will do
  }
}

const own = () => state.photos.filter((photo) => !photo.other).map(({ sha256, captured_at }) => ({ sha256, captured_at }));

// Takes over what the server has; returns the answers of this phone that somebody else's replaced.
async function merged(fresh, sent) {
  const others = [];
  for (const [name, answer] of Object.entries(fresh.answers)) {
    const mine = state.answers[name];
    const theirs = answer.counter > (mine?.counter ?? 0) || (answer.counter === mine?.counter && answer.device !== device);
    if (theirs && mine && !mine.other && mine.value !== answer.value) others.push(name);
    if (theirs) state.answers[name] = { value: answer.value, counter: answer.counter, at: new Date().toISOString(), other: true };
    if (theirs || sent[name] === state.answers[name].counter) state.sent[name] = state.answers[name].counter;
  }
  for (const [sha256, captured_at] of Object.entries(fresh.photos)) {
    if (!state.photos.some((photo) => photo.sha256 === sha256)) state.photos.push({ sha256, captured_at, other: true });
  }
  state.received = fresh.received;
  await put("forms", caseId, state);
  return others;
}

const begun = () => ({ cycle, answers: {}, photos: [], sent: {}, received: [] });

class Refused extends Error {}

async function send(url, options, again = true) {
  const made = options();
  const answer = await fetch(url, { method: "PUT", credentials: "same-origin", ...made, headers: { accept: "application/json", "x-csrf-token": csrf, ...made.headers } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (problem.code === "csrf" && again) {
    const page = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    csrf = new DOMParser().parseFromString(await page.text(), "text/html").querySelector('meta[name="csrf-token"]')?.content ?? "";
    return send(url, options, false);
  }
  if (answer.status === 401 || problem.code === "csrf") throw new Refused(status.dataset.login);
  if (answer.status >= 500) throw new Error(problem.code);
  throw new Refused(`${status.dataset.refused}${problem.detail ?? answer.status}`);
}

// The page that brought the worker was fetched without it: fetch it and its parts once more, so that they are kept too.
async function keep() {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((seen) => navigator.serviceWorker.addEventListener("controllerchange", seen, { once: true }));
  const parts = performance.getEntriesByType("resource").map((one) => new URL(one.name)).filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/"));
  for (const { pathname } of [location, ...parts]) {
    if (!(await caches.match(pathname))) await fetch(pathname, { credentials: "same-origin" });
    if (!(await caches.match(pathname))) return; // not kept after all: nothing is promised
  }
  document.getElementById("kept").hidden = false;
}

function debounce(work, ms) {
  let timer = 0;
  return (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(event), ms);
  };
}

// Everything above is defined by now.
db = await open();
device = await deviceName();
state = (await get("forms", caseId)) ?? begun();
if ((state.cycle ?? 1) < cycle) {
  for (const photo of own()) await drop("photos", `${caseId}/${photo.sha256}`);
  state = begun();
  await put("forms", caseId, state);
}
state.cycle ??= 1;
show();
await draw();
navigator.serviceWorker?.register("/disposal/site-worker.js", { scope: "/disposal/" }).then(keep).catch(() => {});
sync();

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => change(event.target));
form.elements.remark?.addEventListener("input", debounce((event) => change(event.target), 600));
document.getElementById("photo").addEventListener("change", (event) => take(event.target));
document.getElementById("site-fields").disabled = false; // nothing can be typed before it is heard
window.addEventListener("online", () => sync());
window.addEventListener("offline", () => tell());
setInterval(() => pending() && sync(), 30_000);
