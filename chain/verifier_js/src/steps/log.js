// Steps 14 to 16: checkpoint with its token, witnesses, inclusion of every event.

import { Malformed, equal, hex, unbase64 } from "../bytes.js";
import { TOLERANCE, textOf } from "../case.js";
import * as names from "../contents.js";
import { digest, domainSeparator } from "../eip712.js";
import { recoverAddress } from "../keys.js";
import { COSIGNATURE, ED25519, cosignedAt, lineOf, parseCheckpoint, parseNote, parseHead, parseVkey, splitHeads, tokenImprint, verifiedLine } from "../notes.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { judgeToken } from "../tokens.js";
import { leafHash, verifyInclusion } from "../tree.js";
import { orFail } from "./statements.js";

/** 14. The log's key signed the checkpoint, and a TSA of the trust root dated it after all events. */
export async function checkpoint(state) {
  const entry = names.CHECKPOINT;
  const root = state.trustRoot.value;
  const log = parseVkey(root.log_vkey, ED25519);
  const { note, found } = await orFail("FORMAT_FAILURE", { entry }, () => {
    const parsed = parseNote(state.entries.get(entry));
    return { note: parsed, found: parseCheckpoint(parsed.text) };
  });
  if (found.origin !== root.log_origin) throw new Failed("WRONG_INSTALLATION", { field: "origin", origin: found.origin });
  const line = await orFail("SIG_CRYPTO_FAILURE", { entry }, () => verifiedLine(note, log));
  if (note.signatures[0].keyId !== log.keyId || found.size < 1n) throw new Failed("FORMAT_FAILURE", { entry });
  const imprint = tokenImprint(note, line);
  const token = await judgeToken(state.entries.get(names.CHECKPOINT_TOKEN), imprint, state.trustRoot, state.now);
  const latest = Math.max(-Infinity, ...[...state.stream, ...state.cited].map((item) => item.utc));
  if (latest - token.genTime > TOLERANCE) {
    throw new Failed("TIME_CONTRADICTION", { event: textOf(latest), token: textOf(token.genTime) });
  }
  state.checkpoint = { ...found, note, token };
  return new Passed({
    origin: found.origin,
    size: String(found.size),
    root: hex(found.root),
    time: textOf(token.genTime),
    tsa: token.tsa,
  });
}

/** 15. Independent witnesses have cosigned the same body; each counts once, and both of its forms must agree. */
export async function witnesses(state) {
  const root = state.trustRoot.value;
  const threshold = root.witness_threshold;
  if (root.witnesses.length === 0) throw new Undecided("NO_WITNESSES", { valid: 0, threshold });
  const { note } = state.checkpoint;
  const bridge = bridgeOf(state);
  const valid = new Map();
  for (const witness of root.witnesses) {
    const line = cosignature(note, witness);
    const pair = bridge.get(witness.name);
    if (pair && witness.address !== null && root.judicial.length > 0) {
      const holds = line.time !== null && line.time === BigInt(pair.time) && signedForBridge(state, witness, pair);
      if (!holds) throw new Failed("COSIGNATURE_PAIR_DIFFERS", { witness: witness.name });
    }
    if (line.invalid) throw new Failed("SIG_CRYPTO_FAILURE", { witness: witness.name });
    if (line.time !== null) valid.set(witness.name, line.time);
  }
  const facts = { valid: valid.size, witnesses: [...valid.keys()].sort(), threshold };
  facts.times = Object.fromEntries([...valid].map(([name, time]) => [name, String(time)]));
  if (valid.size < Math.max(threshold, 1)) throw new Undecided("WITNESS_QUORUM_MISSING", facts);
  return new Passed(facts);
}

/** {time: BigInt | null, invalid}: what the note holds under this witness's key. */
function cosignature(note, witness) {
  const key = parseVkey(witness.vkey, COSIGNATURE);
  const line = lineOf(note, key);
  if (!line) return { time: null, invalid: false };
  try {
    return { time: cosignedAt(note, key, line), invalid: false };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { time: null, invalid: true };
  }
}

function bridgeOf(state) {
  const given = state.json.get(names.BRIDGE)?.cosignatures ?? [];
  if (given.some((one, i) => i > 0 && given[i - 1].name >= one.name)) {
    throw new Failed("FORMAT_FAILURE", { entry: names.BRIDGE });
  }
  return new Map(given.map((one) => [one.name, one]));
}

/** Whether the EIP-712 form recovers the witness's address under one of the root's judicial domains. */
function signedForBridge(state, witness, pair) {
  const { value, test } = state.trustRoot;
  const { origin, size, root } = state.checkpoint;
  const message = { origin, size, root: hex(root), time: pair.time };
  return value.judicial.some((chain) => {
    const separator = domainSeparator({ test, chainId: chain.chain_id, contract: chain.address, logOrigin: value.log_origin });
    try {
      return recoverAddress(digest(separator, "WitnessedCheckpoint", message), unbase64(pair.signature)) === witness.address;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return false;
    }
  });
}

/** 16. Each event's entry is in the log of the checkpoint, each stream in its own order. */
export async function inclusion(state) {
  const { size, root } = state.checkpoint;
  const events = [...state.stream, ...state.cited];
  const entry = names.PROOFS;
  const heads = await orFail("FORMAT_FAILURE", { entry }, () => splitHeads(state.entries.get(entry)));
  if (heads.length !== events.length) {
    throw new Failed("INCLUSION_INVALID", { proofs: heads.length, events: events.length });
  }
  const indices = [];
  for (const [place, head] of heads.entries()) {
    const { event, entry: leaf } = events[place];
    const proof = await orFail("FORMAT_FAILURE", { entry, proof: place + 1 }, () => parseHead(head));
    if (!verifyInclusion(leafHash(leaf), proof.index, size, proof.path, root)) {
      throw new Failed("INCLUSION_INVALID", { proof: place + 1, event: event.type, seq: event.seq });
    }
    indices.push(proof.index);
  }
  const own = indices.slice(0, state.stream.length);
  const ascending = own.every((index, i) => i === 0 || own[i - 1] < index);
  if (!ascending || new Set(indices).size !== indices.length) {
    throw new Failed("LOG_ORDER_VIOLATION", { indices: own.map(String) });
  }
  state.indices = new Map(events.map((item, i) => [item, indices[i]]));
  const sorted = [...indices].sort((a, b) => (a < b ? -1 : 1));
  return new Passed({ events: events.length, first_index: String(sorted[0]), last_index: String(sorted.at(-1)) });
}
