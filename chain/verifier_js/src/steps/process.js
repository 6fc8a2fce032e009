// Step 13: the process chain. Order, completeness, no gap, mandatory events, citations, bindings.

import { hex, sha256Sync } from "../bytes.js";
import { TOLERANCE, shortText, textOf } from "../case.js";
import * as names from "../contents.js";
import { digestOf, isObject } from "../json.js";
import { Failed, Passed, Undecided } from "../outcome.js";

const ZERO = "0".repeat(64);
const ENDED = ["rejected", "change_requested", "withdrawn", "expired", "declined"];
const ONCE = ["E06", "sent", "E09", "E10", "E11"];
const READING = ["E03", "E04", "E07"];
const SIGNED = ["E09", "E10", "E11"];

/** 13. The events are the whole stream from its start, unbroken, and tell a complete signing. */
export function process(state) {
  const { stream } = state.json.get(names.STREAM);
  const expected =
    state.kind === "supervision" ? state.manifest.subject.stream : `econtract/${state.opening.contract_id}`;
  if (stream !== expected) throw new Failed("STREAM_MISMATCH", { stream });
  if (state.stream.length === 0) throw new Failed("EVENT_MISSING", { event: "E06" });
  checkChain(state, stream);
  const facts = {
    stream,
    events: state.stream.map((item) => `${item.name} ${item.event.utc}`),
    last: state.stream[state.stream.length - 1].event.utc,
  };
  if (state.kind === "clause") checkDisclosed(state);
  else {
    checkCitations(state);
    if (state.kind === "contract") Object.assign(facts, checkSigning(state));
  }
  const disputed = state.stream.some((item) => item.name === "disputed");
  return new Passed(facts, disputed ? "DISPUTED" : "");
}

/** Sequence, hash chain, payload digests, times. */
function checkChain(state, stream) {
  let prev = ZERO;
  let latest = -Infinity;
  state.stream.forEach((item, index) => {
    const { event } = item;
    if (event.stream !== stream || event.log_origin !== state.trustRoot.value.log_origin) {
      throw new Failed("STREAM_MISMATCH", { stream: event.stream, seq: event.seq });
    }
    if (event.seq !== index + 1 || event.prev !== prev) {
      throw new Failed("STREAM_GAP", { expected: index + 1, found: event.seq });
    }
    if (latest - item.utc > TOLERANCE) {
      throw new Failed("TIME_CONTRADICTION", { seq: event.seq, event: event.utc, before: textOf(latest) });
    }
    latest = Math.max(latest, item.utc);
    prev = item.id;
  });
  for (const { event, payload } of [...state.stream, ...state.cited]) {
    const schema = event.payload_schema === `concord:${event.type}`;
    if (!schema || (payload !== null && hex(digestOf(payload)) !== event.payload_digest)) {
      throw new Failed("PAYLOAD_MISMATCH", { type: event.type, seq: event.seq });
    }
  }
}

/** Citations of an event, each {stream, seq, digest}. */
export function citesOf(item) {
  const found = item.payload !== null && Object.hasOwn(item.payload, "cites") ? item.payload.cites : [];
  const fits = (cite) =>
    isObject(cite) &&
    Object.keys(cite).length === 3 &&
    typeof cite.stream === "string" &&
    Number.isSafeInteger(cite.seq) &&
    typeof cite.digest === "string";
  if (!Array.isArray(found) || !found.every(fits)) throw new Failed("CITATION_MISMATCH", { seq: item.event.seq });
  return found;
}

const placeOf = (stream, seq) => JSON.stringify([stream, seq]);
const citeKey = (cite) => JSON.stringify([cite.stream, cite.seq, cite.digest]);
const eventKey = (item) => JSON.stringify([item.event.stream, item.event.seq, item.id]);

/** Cited events and citations agree in both directions. */
function checkCitations(state) {
  const wanted = new Set(state.stream.flatMap((item) => citesOf(item).map(citeKey)));
  const given = new Set(state.cited.map(eventKey));
  if (given.size !== state.cited.length || [...given].some((key) => !wanted.has(key))) {
    throw new Failed("CITATION_MISMATCH");
  }
  if (state.cited.some((item) => item.event.log_origin !== state.trustRoot.value.log_origin)) {
    throw new Failed("STREAM_MISMATCH", { field: "log_origin" });
  }
  if (state.kind !== "contract" || [...wanted].every((key) => given.has(key))) return;
  // what earlier, abandoned rounds cited may be left out; what the final cycle cites may not
  const final = finalCycle(state).flatMap((item) => citesOf(item).map(citeKey));
  if (final.some((key) => !given.has(key))) throw new Failed("CITATION_MISMATCH");
}

/** The events from the last E06 on: the text that was signed in the end. */
export function finalCycle(state) {
  const start = state.stream.findLastIndex((item) => item.name === "E06");
  if (start < 0) throw new Failed("EVENT_MISSING", { event: "E06" });
  return state.stream.slice(start);
}

function positions(cycle) {
  const found = new Map();
  cycle.forEach((item, index) => {
    if (!found.has(item.name)) found.set(item.name, []);
    found.get(item.name).push(index);
  });
  return found;
}

function demandOnce(found, wanted) {
  for (const event of wanted) {
    if (found.get(event).length !== 1) throw new Failed("ORDER_VIOLATION", { event, times: found.get(event).length });
  }
}

function demandOpen(found) {
  const ended = ENDED.filter((name) => found.has(name)).sort();
  if (ended.length > 0) throw new Failed("NOT_EFFECTIVE", { event: ended[0] });
}

const ascending = (numbers) => numbers.every((number, i) => i === 0 || numbers[i - 1] <= number);

/** The E08 that counts: the last before the first E09 of the cycle; -1 when there is none. */
function intentAt(found) {
  const limit = found.get("E09")?.[0] ?? -1;
  return (found.get("E08") ?? []).filter((index) => index < limit).at(-1) ?? -1;
}

/** The last E08 before E09 in the final cycle, as step 13 chose it. */
export function intentEvent(state) {
  const cycle = finalCycle(state);
  return cycle[intentAt(positions(cycle))];
}

function checkSigning(state) {
  const cycle = finalCycle(state);
  const found = positions(cycle);
  for (const event of ["E06", "sent", ...READING, "E08", ...SIGNED]) {
    if (!found.has(event)) throw new Failed("EVENT_MISSING", { event });
  }
  demandOnce(found, ONCE);
  demandOpen(found);
  const first = (name) => found.get(name)[0];
  const reading = READING.map(first);
  const intent = intentAt(found);
  const order = [first("sent"), Math.max(...reading), intent, ...SIGNED.map(first)];
  if (intent < 0 || !ascending(order) || Math.min(...reading) < order[0]) {
    throw new Failed("ORDER_VIOLATION", { order: order.filter((i) => i >= 0).map((i) => cycle[i].name) });
  }
  const chosen = new Map([...ONCE, "E03"].map((name) => [name, cycle[first(name)]]));
  chosen.set("E08", cycle[intent]);
  for (const [event, item] of chosen) if (item.payload === null) throw new Undecided("PAYLOAD_WITHHELD", { event });
  checkCitedParties(state, chosen);
  checkBindings(state, chosen);
  return {
    page_release: shortText(chosen.get("E08").payload.page_release, 100),
    effective: chosen.get("E11").event.utc,
    notified: cycle.find((item) => item.name === "E14")?.event.utc ?? null,
  };
}

/** E06 cites who (E01) and what template (E05); E03 cites who the worker is (E02). */
function checkCitedParties(state, chosen) {
  const byPlace = new Map(state.cited.map((item) => [placeOf(item.event.stream, item.event.seq), item]));
  let worker = null;
  for (const [event, needed] of [["E06", ["E01", "E05"]], ["E03", ["E02"]]]) {
    const cited = citesOf(chosen.get(event)).map((cite) => byPlace.get(placeOf(cite.stream, cite.seq)));
    for (const wanted of needed) {
      if (cited.filter((item) => item.name === wanted).length !== 1) {
        throw new Failed("CITATION_MISMATCH", { event, cites: wanted });
      }
    }
    worker = cited.find((item) => item.name === "E02") ?? worker;
  }
  if (worker !== null && chosen.get("sent").utc - worker.utc > TOLERANCE) {
    throw new Failed("ORDER_VIOLATION", { event: "E02", utc: worker.event.utc });
  }
}

/** The events speak of these very signatures, certificates and tokens. */
function checkBindings(state, chosen) {
  const { commitment } = state;
  const { method, nonce } = state.json.get(names.INTENT);
  const expected = {
    E06: { commitment, version: state.opening.version },
    sent: { commitment },
    E08: { commitment, method, nonce },
    E09: { commitment, attestation_digest: hex(state.attestationDigest) },
    E10: { commitment, wallet: state.json.get(names.EMPLOYER_CONSENT).wallet },
    E11: { commitment },
  };
  for (const [event, field] of [["E09", "Worker"], ["E10", "Employer"]]) {
    expected[event].cert_sha256 = hex(sha256Sync(state.signature(field).certificate));
  }
  const times = {};
  for (const [event, field] of [["E09", "Worker"], ["E10", "Employer"], ["E11", "DocumentTimestamp"]]) {
    const token = state.tokens?.[field]; // a token that is not valid by itself is step 6's business
    if (!token) continue;
    expected[event].token_sha256 = token.sha256;
    times[event] = token.genTime;
  }
  demandBindings(chosen, expected);
  for (const [event, when] of Object.entries(times)) {
    if (when - chosen.get(event).utc > TOLERANCE) {
      throw new Failed("TIME_CONTRADICTION", { event, utc: chosen.get(event).event.utc, token: textOf(when) });
    }
  }
}

function demandBindings(chosen, expected) {
  for (const [event, fields] of Object.entries(expected)) {
    const { payload } = chosen.get(event);
    for (const [field, value] of Object.entries(fields)) {
      if (!Object.hasOwn(payload, field) || payload[field] !== value) throw new Failed("BINDING_MISMATCH", { event, field });
    }
  }
}

/** The events E09, E10, E11 of the final cycle by name. */
export function signingEvents(state) {
  const cycle = finalCycle(state);
  return new Map(SIGNED.map((name) => [name, cycle.find((item) => item.name === name)]));
}

/** Kind `clause`: only the payloads of E09, E10 and E11 are shown; the employer's E01 is the one cited event. */
function checkDisclosed(state) {
  const { cited } = state;
  const only = cited.length === 1 && cited[0].name === "E01" && cited[0].payload === null;
  if (!only || cited[0].event.log_origin !== state.trustRoot.value.log_origin) throw new Failed("CITATION_MISMATCH");
  const cycle = finalCycle(state);
  const found = positions(cycle);
  for (const event of SIGNED) if (!found.has(event)) throw new Failed("EVENT_MISSING", { event });
  demandOnce(found, SIGNED);
  if (!ascending(SIGNED.map((name) => found.get(name)[0]))) throw new Failed("ORDER_VIOLATION");
  demandOpen(found);
  const chosen = signingEvents(state);
  for (const [event, item] of chosen) if (item.payload === null) throw new Undecided("PAYLOAD_WITHHELD", { event });
  const shown = new Set(chosen.values());
  for (const item of state.stream) {
    if (!shown.has(item) && item.payload !== null) {
      throw new Failed("PAYLOAD_MISMATCH", { type: item.event.type, seq: item.event.seq });
    }
  }
  const { commitment } = state;
  demandBindings(chosen, {
    E09: { commitment, attestation_digest: hex(state.attestationDigest) },
    E10: { commitment, wallet: state.json.get(names.EMPLOYER_CONSENT).wallet },
    E11: { commitment },
  });
}
