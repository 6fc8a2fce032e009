// The signing itself, without a screen: enter, check the prepared file, one tap. Steps and names: DESIGN §3 "Worker".

import { base64, equal, hex, unbase64, unhex } from "./js/bytes.js";
import { checkOpening, consentPreimage } from "./js/commitment.js";
import { keccak256 } from "./js/eip712.js";
import { Refused, demand } from "./js/errors.js";
import { WorkerKey } from "./js/key.js";
import { challengeOf, tryPasskey } from "./js/passkey.js";
import { checkBasePrefix, documentDigest, fileDigest } from "./js/pdf.js";

/** Digest of the release that this page was served from: the folder of its address. */
export function pageRelease(address = import.meta.url) {
  const match = /\/signing-page\/([0-9a-f]{64})\//.exec(new URL(address).pathname);
  demand(match, "page.release_unknown");
  return match[1];
}

export class Signing {
  #api;
  #base;
  #key = null;
  #requestSignature = null;
  #signed = null; // both signatures, kept while the platform could not finish (no timestamp): sent again as they are

  constructor(api, roundId) {
    this.#api = api;
    this.#base = `/api/v1/signing/${encodeURIComponent(roundId)}`;
  }

  /** Take the document's lock, fetch the prepared bytes and check them. Resolves to the bytes to be drawn. */
  async enter() {
    this.drop();
    this.#signed = null;
    this.attempt = await this.#api.post(`${this.#base}/enter`);
    const pdf = await this.#api.bytes(this.attempt.prepared_url);
    await this.#checkPrepared(pdf);
    this.pdf = pdf;
    return pdf;
  }

  async #checkPrepared(pdf) {
    const { attempt } = this;
    demand((await fileDigest(pdf)) === attempt.prepared_sha256, "page.other_file");
    const { digest, start } = await documentDigest(pdf);
    const base = await checkBasePrefix(pdf, attempt.base_length, attempt.base_pdf_sha256, start);
    await checkOpening(attempt.commitment_opening, unhex(attempt.commitment, 32), base);
    this.documentDigest = digest;
  }

  /** Have the one-time password sent. */
  requestOtp() {
    return this.#api.post(`${this.#base}/intent`, { attempt_id: this.attempt.attempt_id });
  }

  /**
   * One tap: key → 0x30 → certificate → 0x31 → 0x19 → token. `report(step)` names the step that begins.
   * With `otp` the password, else a passkey is tried; {fallback: reason} says that none answered.
   */
  async sign({ otp, report }) {
    if (this.#signed) return this.#finish(report);
    const { attempt_id } = this.attempt;
    report("key");
    this.#key ??= await WorkerKey.create();
    const { spki } = this.#key;
    const preimage = await this.#preimage(spki);
    const asked = await this.#api.post(`${this.#base}/key`, { attempt_id, spki: base64(spki) });
    demand(asked.consent_digest === hex(keccak256(preimage)), "page.other_consent");
    this.#requestSignature ??= await this.#key.signRequest(unbase64(asked.request_info));

    report("intent");
    const intent = otp ? { otp } : await this.#assertion(preimage, asked.passkey_challenge);
    if (intent.fallback) return intent;
    const issued = await this.#api.post(`${this.#base}/certificate`, {
      attempt_id,
      request_signature: base64(this.#requestSignature),
      page_release: pageRelease(),
      ...intent,
    });

    report("check");
    const certificate = unbase64(issued.certificate);
    report("sign");
    const attributes = await this.#key.signAttributes(unbase64(issued.attributes), this.documentDigest, certificate);
    const consent = await this.#key.signConsent(preimage);
    this.drop();
    this.#signed = { attempt_id, attributes_signature: base64(attributes), consent_signature: base64(consent) };
    return this.#finish(report);
  }

  async #finish(report) {
    report("token");
    return this.#api.post(`${this.#base}/finish`, this.#signed);
  }

  /** Destroy the key; the next tap makes another one. */
  drop() {
    this.#key?.drop();
    this.#key = null;
    this.#requestSignature = null;
  }

  async #preimage(spki) {
    const { attempt } = this;
    const { domain, consent, commitment_opening: opening, test } = attempt;
    const expiry = Number(consent.expiry);
    demand(Number.isSafeInteger(expiry) && expiry * 1000 > Date.now(), "page.consent_expired");
    return consentPreimage({ domain, opening, spki, expiry, test });
  }

  async #assertion(preimage, given) {
    const { passkey } = this.attempt.intent;
    const challenge = await challengeOf(preimage, this.#key.spki, unhex(this.attempt.nonce, 32));
    if (!passkey || !given) throw new Refused("page.no_passkey");
    demand(equal(challenge, unhex(given, 32)), "page.other_challenge");
    const found = await tryPasskey({ rpId: passkey.rp_id, credentialIds: passkey.credential_ids, challenge });
    return found.assertion ? { assertion: found.assertion } : { fallback: found.reason };
  }
}
