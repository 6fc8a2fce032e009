// The employer's signature: prepare, sign with wallet and seal, finish. Keys and passphrases never stay in the page.

const root = document.getElementById("signing");
const prepareForm = document.getElementById("prepare");
const finishForm = document.getElementById("finish");
const outcome = document.getElementById("outcome");
const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const PASSPHRASES = ["wallet_passphrase", "seal_passphrase"];
const SIGNATURES = ["wallet_signature", "seal_signature", "seal_binding_signature"];
let attempt = null;

function say(text, tone) {
  outcome.replaceChildren();
  const box = document.createElement("div");
  box.className = `alert alert-${tone}`;
  const body = document.createElement("p");
  body.className = "alert-title";
  body.textContent = text;
  box.append(body);
  outcome.append(box);
}

async function post(path, body) {
  const response = await fetch(`/api/v1/signing/${root.dataset.round}/employer/${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRF-Token": csrf,
      "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) + Date.now(),
    },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail || root.dataset.textFailed);
  return answer;
}

function show(name, value) {
  for (const part of finishForm.querySelectorAll(`[data-${name}]`)) part.hidden = part.dataset[name] !== value;
}

function showLock(until) {
  const moment = new Date(until ?? "");
  if (Number.isNaN(moment.getTime())) return;
  const place = document.getElementById("lock-until");
  place.dateTime = moment.toISOString();
  place.textContent = moment.toLocaleTimeString(document.documentElement.lang, { timeZone: "Asia/Shanghai", timeStyle: "short" });
  document.getElementById("lock").hidden = false;
}

async function guarded(button, work) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  say(root.dataset.textBusy, "info");
  try {
    await work();
  } catch (error) {
    say(error.message || root.dataset.textFailed, "danger");
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

prepareForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(document.getElementById("prepare-button"), async () => {
    attempt = await post("prepare", { wallet: prepareForm.elements.wallet.value });
    const named = String(attempt.typed_data.message.commitment ?? "").replace(/^0x/, "").toLowerCase();
    if (named !== root.dataset.commitment) throw new Error(root.dataset.textCommitment);
    show("wallet", attempt.wallet_mode);
    show("seal", attempt.seal.mode);
    document.getElementById("signer").textContent = prepareForm.elements.wallet.value;
    showLock(attempt.lock_until);
    document.getElementById("prepared").href = attempt.prepared_url;
    document.getElementById("typed-data").textContent = JSON.stringify(attempt.typed_data, null, 1);
    document.getElementById("attributes").textContent = attempt.attributes ?? "";
    document.getElementById("binding").textContent = attempt.seal_binding ?? "";
    document.getElementById("binding-part").hidden = !attempt.seal_binding;
    prepareForm.hidden = true;
    finishForm.hidden = false;
    outcome.replaceChildren();
    finishForm.querySelector("input:not([hidden]), button")?.focus();
  });
});

document.getElementById("browser-wallet")?.addEventListener("click", (event) => {
  guarded(event.currentTarget, async () => {
    if (!window.ethereum) throw new Error(root.dataset.textNowallet);
    const wanted = prepareForm.elements.wallet.value;
    const accounts = await window.ethereum.request({ method: "eth_requestAccounts" });
    const account = accounts.find((item) => item.toLowerCase() === wanted.toLowerCase());
    if (!account) throw new Error(root.dataset.textMismatch);
    const signature = await window.ethereum.request({
      method: "eth_signTypedData_v4",
      params: [account, JSON.stringify(attempt.typed_data)],
    });
    finishForm.elements.wallet_signature.value = signature;
    outcome.replaceChildren();
  });
});

finishForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = finishForm.elements;
  const body = { attempt_id: attempt.attempt_id };
  for (const name of PASSPHRASES) if (fields[name]?.value) body[name] = fields[name].value;
  for (const name of SIGNATURES) {
    const value = fields[name]?.value.replace(/\s+/g, ""); // tools print long signatures in several lines
    if (value) body[name] = value;
  }
  guarded(document.getElementById("finish-button"), async () => {
    await post("finish", body);
    for (const name of PASSPHRASES) fields[name].value = "";
    say(root.dataset.textDone, "success");
    location.assign(root.dataset.done);
  });
});
