// Step 23: the signing page and the template were released, by a release key, before they were used (spec §3.3).

import { Malformed, equal, hex, utf8 } from "../bytes.js";
import { TOLERANCE } from "../case.js";
import { digestOf } from "../json.js";
import { ED25519, lineOf, parseNote, parseVkey, verifiedLine } from "../notes.js";
import { FAILED, Failed, Judgement, Passed, Undecided } from "../outcome.js";
import * as s from "../shapes.js";
import { citesOf, finalCycle, intentEvent } from "./process.js";
import { orFail } from "./statements.js";

const PAGE = "page";
const TEMPLATE = "template";
const PAGE_ID = "signing-page";
const PATH_PART = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

const oneOf = (...values) => (value, path) => {
  if (!values.includes(value)) throw new s.ShapeError(path, `one of ${values.join(", ")}`);
};

const shape = s.members({
  v: s.constant(1),
  kind: oneOf(PAGE, TEMPLATE),
  id: s.name,
  number: s.integer(1),
  digest: s.hex32,
  files: s.array(s.members({ path: s.name, sha256: s.hex32 }), 1, 500),
  note: s.text(20_000),
  blind: s.hex32,
});

/** 23. What the worker's page was, and what typeset the contract. Both are judged; a failure counts first. */
export async function releases(state) {
  const { page_release: page } = intentEvent(state).payload;
  const wanted = [
    [PAGE, intentEvent(state), typeof page === "string" ? page : ""],
    [TEMPLATE, finalCycle(state)[0], state.opening.template_sha256],
  ];
  const facts = {};
  const ended = [];
  for (const [kind, user, digest] of wanted) {
    try {
      facts[kind] = await judge(state, kind, user, digest);
    } catch (error) {
      if (!(error instanceof Judgement)) throw error;
      ended.push(error);
    }
  }
  if (ended.length > 0) throw ended.find((one) => one.outcome === FAILED) ?? ended[0];
  return new Passed(facts);
}

/** Whether a release in the package names the contract's template under a key of the root (for step 20). */
export async function releasedTemplate(state) {
  try {
    const item = cited(state, TEMPLATE, finalCycle(state)[0]);
    if (!item || state.trustRoot.value.page_release_keys.length === 0) return false;
    await read(state, TEMPLATE, item, state.opening.template_sha256);
    return true;
  } catch {
    return false;
  }
}

function cited(state, kind, user) {
  const cites = citesOf(user).filter((cite) => cite.stream === `release/${kind}`);
  const found = state.cited.filter(({ event, id }) =>
    cites.some((cite) => cite.stream === event.stream && cite.seq === event.seq && cite.digest === id),
  );
  if (found.length > 1) throw new Failed("CITATION_MISMATCH", { item: kind, releases: found.length });
  return found[0] ?? null;
}

async function judge(state, kind, user, digest) {
  const { templates, page_release_keys: keys } = state.trustRoot.value;
  const item = cited(state, kind, user);
  if (!item && kind === TEMPLATE && Object.hasOwn(templates, digest)) {
    return { id: templates[digest], named_by: "trust root" };
  }
  if (keys.length === 0) throw new Undecided("NO_RELEASE_KEYS", { item: kind });
  if (!item) throw new Undecided("NO_RELEASE_EVENT", { item: kind, digest });
  const facts = await read(state, kind, item, digest);
  const [logged, used] = [state.indices.get(item), state.indices.get(user)];
  if (logged >= used) throw new Failed("RELEASE_AFTER_USE", { item: kind, released: String(logged), used: String(used) });
  if (item.utc - user.utc > TOLERANCE) {
    throw new Failed("TIME_CONTRADICTION", { item: kind, released: item.event.utc, used: user.event.utc });
  }
  return { ...facts, log_index: String(logged) };
}

async function read(state, kind, { event, payload }, digest) {
  if (payload === null) throw new Undecided("PAYLOAD_WITHHELD", { item: kind, event: event.type });
  const problem = malformed(kind, event, payload);
  if (problem) throw new Failed("RELEASE_MALFORMED", { item: kind, reason: problem });
  const { id, number } = payload;
  const text = ["concord-release/v1", state.trustRoot.value.log_origin, kind, id, number, payload.digest]
    .map((line) => `${line}\n`)
    .join("");
  const note = await orFail("RELEASE_MALFORMED", { item: kind }, () => {
    const parsed = parseNote(utf8(payload.note));
    if (!equal(parsed.text, utf8(text))) throw new Malformed("the note is over another statement");
    return parsed;
  });
  const keys = state.trustRoot.value.page_release_keys.map((vkey) => parseVkey(vkey, ED25519));
  const signers = keys.filter((key) => lineOf(note, key));
  for (const key of signers) await orFail("SIG_CRYPTO_FAILURE", { item: kind, key: key.name }, () => verifiedLine(note, key));
  if (signers.length === 0) throw new Failed("RELEASE_KEY_UNKNOWN", { item: kind });
  if (payload.digest !== digest) throw new Failed("RELEASE_MISMATCH", { item: kind, released: payload.digest, used: digest });
  return { id, number, digest, key: signers[0].name, released: event.utc };
}

function malformed(kind, event, payload) {
  try {
    shape(payload, "");
  } catch (error) {
    if (error instanceof s.ShapeError) return error.message;
    throw error;
  }
  const { files } = payload;
  const ascending = files.every((file, i) => i === 0 || files[i - 1].path < file.path);
  const goodPaths = files.every(({ path }) => path.length <= 200 && path.split("/").every((part) => PATH_PART.test(part)));
  if (event.type !== `release.${kind}/1` || event.stream !== `release/${kind}`) return "type";
  if (payload.kind !== kind || (kind === PAGE && payload.id !== PAGE_ID)) return "kind";
  if (payload.number !== event.seq) return "number";
  if (!ascending || !goodPaths) return "files";
  return payload.digest === hex(releaseDigest(kind, files)) ? "" : "digest";
}

function releaseDigest(kind, files) {
  if (kind === PAGE) return digestOf({ v: 1, kind: "concord.page-release/1", files });
  return digestOf(Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256])));
}
