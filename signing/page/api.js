// Talking to the platform: JSON, CSRF token, one idempotency key per request, retries while the network is down.

export class Problem extends Error {
  constructor(status, body) {
    super(body?.code ?? `http_${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body?.code ?? `http_${status}`;
    this.body = body ?? {};
  }

  /** The platform's own text for people, in the page's language. */
  detail(language) {
    return this.body[`detail_${language}`] ?? this.body.detail ?? "";
  }
}

export class Offline extends Error {
  constructor() {
    super("offline");
    this.name = "Offline";
  }
}

const PAUSES_MS = [800, 2000, 5000];

export class Api {
  constructor(csrfToken, { fetch: fetcher = (...args) => fetch(...args), pause = wait, random = token } = {}) {
    this.csrfToken = csrfToken;
    this.fetch = fetcher;
    this.pause = pause;
    this.random = random;
  }

  get(path) {
    return this.#ask(path, {});
  }

  post(path, body = {}) {
    const headers = { "content-type": "application/json", "x-csrf-token": this.csrfToken, "idempotency-key": this.random() };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async bytes(path) {
    const answer = await this.#send(path, { headers: { accept: "application/pdf" } });
    return new Uint8Array(await answer.arrayBuffer());
  }

  async #ask(path, options) {
    const answer = await this.#send(path, { ...options, headers: { accept: "application/json", ...options.headers } });
    return answer.status === 204 ? null : answer.json();
  }

  async #send(path, options) {
    for (let attempt = 0; ; attempt++) {
      let answer;
      try {
        answer = await this.fetch(path, { credentials: "same-origin", redirect: "error", cache: "no-store", ...options });
      } catch {
        if (attempt >= PAUSES_MS.length) throw new Offline();
        await this.pause(PAUSES_MS[attempt]); // the same idempotency key: the platform answers a repeated request as before
        continue;
      }
      if (answer.ok) return answer;
      throw new Problem(answer.status, await answer.json().catch(() => null));
    }
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function token() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
