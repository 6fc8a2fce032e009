// What the steps work on: the package's parts as far as they have been read, and the trust root.

import { hex, sha256Sync } from "./bytes.js";
import { OPENING, PDF, STREAM, CITED, WORKER_CONSENT, ATTESTATION } from "./contents.js";
import { digest, preimage } from "./eip712.js";
import { digestOf } from "./json.js";
import { parseUtc } from "./shapes.js";
import { PARTICIPANTS, REGISTRY, separatorOf } from "./trust_root.js";

/** Milliseconds by which clocks of different parties may differ. */
export const TOLERANCE = 60_000;

const LAST_MOMENT = 253402300799999.9; // the end of the year 9999

/** Unix seconds as milliseconds; times beyond the calendar are its last moment. */
export const moment = (seconds) => Math.min(seconds * 1000, LAST_MOMENT);

/** A moment as the facts show it. */
export const textOf = (millis) => new Date(Math.floor(millis)).toISOString().padStart(24, "0");

/** Text for the facts; what is no text shows as nothing. */
export const shortText = (value, limit) => (typeof value === "string" ? value.slice(0, limit) : "");

/** An event of the package with its payload (null: withheld) and its log entry, SHA-256 of its canonical bytes. */
class LogEvent {
  constructor({ event, payload }) {
    this.event = event;
    this.payload = payload;
    this.utc = parseUtc(event.utc);
    this.entry = digestOf(event);
    this.id = hex(this.entry);
    const type = event.type;
    this.name = type.slice(type.indexOf(".") + 1, type.indexOf("/")); // `econtract.E09/1` → `E09`
  }
}

export class Case {
  #stream;
  #cited;
  #registry;
  #participants;

  /** @param now the moment of verification in milliseconds */
  constructor({ data, trustRoot, now }) {
    this.data = data;
    this.trustRoot = trustRoot;
    this.now = now;
    this.entries = new Map();
    this.json = new Map();
    this.manifest = null;
    this.document = null; // step 5
    this.timestamps = null; // step 6
    this.tokens = null; // step 6: the tokens that are valid by themselves
    this.certificates = null; // step 7
    this.checkpoint = null; // step 14
    this.indices = null; // step 16: event → index in the log
  }

  get kind() {
    return this.manifest?.kind ?? "contract";
  }

  get opening() {
    return this.json.get(OPENING);
  }

  get commitment() {
    return hex(sha256Sync(this.entries.get(OPENING)));
  }

  get pdf() {
    return this.entries.get(PDF);
  }

  get basePdf() {
    return this.pdf.subarray(0, this.manifest.subject.base_pdf_size);
  }

  get revocation() {
    const found = [];
    for (const [name, der] of this.entries) {
      if (name.startsWith("revocation/")) found.push({ name, kind: name.endsWith(".crl") ? "crl" : "ocsp", der });
    }
    return found;
  }

  get stream() {
    return (this.#stream ??= this.json.get(STREAM).events.map((item) => new LogEvent(item)));
  }

  get cited() {
    return (this.#cited ??= this.json.get(CITED).events.map((item) => new LogEvent(item)));
  }

  /** Domain separator of consents and identity statements. */
  get registry() {
    return (this.#registry ??= separatorOf(this.trustRoot, REGISTRY));
  }

  /** Domain separator of organisations' statements. */
  get participants() {
    return (this.#participants ??= separatorOf(this.trustRoot, PARTICIPANTS));
  }

  get attestation() {
    return this.json.get(ATTESTATION).statement;
  }

  get attestationDigest() {
    return digest(this.registry, "Attestation", this.attestation);
  }

  get workerPreimage() {
    return preimage(this.registry, "Consent", this.json.get(WORKER_CONSENT).consent);
  }

  /** The PDF signature in a field; only steps after 5 may ask. */
  signature(field) {
    return this.document.signatures.find((one) => one.field === field);
  }

  /** Moment of a signature's token in milliseconds; only steps after 6 may ask. */
  signedAt(field) {
    return this.timestamps[field].genTime;
  }

}
