// Passkeys on the worker's own pages: enrol one, or log in with one. Tried, never presumed: after 20 seconds or any
// trouble the page says so, and the code by SMS stays open.

const TRY_MS = 20_000;
const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=")), (c) =>
    c.charCodeAt(0),
  );
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": csrf },
    body: JSON.stringify(body ?? {}),
  });
  const data = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(data?.detail ?? String(answer.status)), { shown: data?.detail });
  return data;
}

async function withLimit(ask) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TRY_MS);
  try {
    return await ask(abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

const described = (item) => ({ ...item, id: bytes(item.id) });

async function enrol(label) {
  const { id, options } = await post("/api/v1/me/passkeys/options");
  const made = await withLimit((signal) =>
    navigator.credentials.create({
      signal,
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: (options.excludeCredentials ?? []).map(described),
      },
    }),
  );
  await post("/api/v1/me/passkeys", {
    registration_id: id,
    label,
    credential: {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
      },
    },
  });
}

async function login() {
  const { id, options } = await post("/api/v1/identity/passkey-login");
  const found = await withLimit((signal) =>
    navigator.credentials.get({
      signal,
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: (options.allowCredentials ?? []).map(described),
      },
    }),
  );
  return post("/api/v1/identity/passkey-login/finish", {
    login_id: id,
    assertion: {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: text(found.response.clientDataJSON),
        authenticatorData: text(found.response.authenticatorData),
        signature: text(found.response.signature),
      },
    },
  });
}

const possible =
  globalThis.isSecureContext &&
  globalThis.PublicKeyCredential &&
  navigator.credentials?.create &&
  !/MicroMessenger/i.test(navigator.userAgent);

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!possible) continue;
  part.hidden = false;
  const button = part.querySelector("button");
  const message = part.querySelector("[data-passkey-message]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    message.textContent = message.dataset.waiting;
    try {
      if (part.dataset.passkey === "enrol") {
        await enrol(part.querySelector("input[name=label]")?.value ?? "");
        location.reload();
      } else {
        const done = await login();
        location.assign(done.home);
      }
    } catch (error) {
      message.textContent = error.shown ?? message.dataset.failed;
      button.disabled = false;
    }
  });
}
