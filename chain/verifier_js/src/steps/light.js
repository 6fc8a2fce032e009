// Steps 17 and 22 for proofs of type `cometbft-ics23` (spec §5.4): contradictions first, then what is missing.

import { bigEndian, concat, equal, hex, unbase64, unhex, utf8, word } from "../bytes.js";
import { TOLERANCE, moment, textOf } from "../case.js";
import { CHAIN_RECORD, FIGURE_PROOF, STREAM } from "../contents.js";
import { IAVL, SIMPLE, checkAbsence, checkExistence, rootOf } from "../ics23.js";
import { LIGHT, figureShape, readAbsence, readBlock, readLeaf, readStore, recordShape } from "../light_shape.js";
import { digestOf } from "../json.js";
import { addressBytes } from "../keys.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { bytesField, numberField } from "../protobuf.js";
import { ShapeError } from "../shapes.js";
import { judgeToken } from "../tokens.js";
import { checkTrail, checkTrust, powerOf } from "../trail.js";
import { readResponses } from "../transaction_result.js";
import { leafHash, verifyInclusion } from "../tree.js";
import { mappingSlot } from "../trie.js";
import { REGISTRY } from "../trust_root.js";
import { orFail } from "./statements.js";

const STORE = utf8("evm");
const STORAGE = Uint8Array.of(2);
const CODE_HASH = Uint8Array.of(4);
const RECORDS_SLOT = 1;
const TRAIL_LABEL = "concord.light-trail/1";
const NANOS = 1_000_000n; // in a millisecond
const SECOND = 1000n * NANOS;

/** 17. The registry holds the commitment; `judgeLog` judges a log of the transaction and gives its event's name, if any. */
export async function lightRecord(state, record, judgeLog) {
  const entry = CHAIN_RECORD;
  const proof = await readProof(state, entry, record, recordShape);
  const { contract_id: contractId, version, commitment } = record.conclusion;
  const slot = mappingSlot(word(RECORDS_SLOT), unhex(contractId), word(version));
  checkSlot(proof, slot);
  if (proof.value === null || hex(proof.value) !== commitment) throw new Failed("STATEMENT_MISMATCH", { field: "value" });
  checkConclusion(state, record.conclusion);
  const events = record.result === null ? [] : await checkResult(entry, record.result, proof.last, judgeLog);
  return new Passed({ ...(await authenticate(state, proof)), events });
}

/** 22. The counter at `slot` has the stated value. */
export async function lightFigure(state, proofEntry, statement, slot) {
  const proof = await readProof(state, FIGURE_PROOF, proofEntry, figureShape);
  checkSlot(proof, slot);
  const value = proof.value === null ? 0n : bigEndian(proof.value);
  if (value !== BigInt(statement.value)) throw new Failed("STATEMENT_MISMATCH", { field: "value" });
  if (proof.last.height - 1 !== statement.block) throw new Failed("STATEMENT_MISMATCH", { field: "block" });
  const { what, region, month } = statement;
  const facts = await authenticate(state, proof);
  return new Passed({ ...facts, what, region, month, value: statement.value, slot: hex(slot) });
}

/** The checks of 5.4 that both steps have in common, 1 to 5. */
async function readProof(state, entry, given, shape) {
  try {
    shape(given, "");
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new Failed("FORMAT_FAILURE", { entry, path: error.path, want: error.want });
  }
  const { light, state: proven } = given;
  const { network, contracts } = state.trustRoot.value;
  if (network !== undefined && network.chain_id !== light.chain_id) {
    throw new Failed("WRONG_INSTALLATION", { field: "chain_id", chain_id: light.chain_id });
  }
  const blocks = light.trail.map((block) => readBlock(light.chain_id, block));
  await checkTrail(light.chain_id, blocks);
  const registry = contracts[REGISTRY];
  if (proven.address !== registry.address) throw new Failed("CONTRACT_CODE_UNKNOWN", { address: proven.address });
  const [item] = proven.slots;
  const read = { light, blocks, last: blocks.at(-1), slot: unhex(item.slot), value: item.value && unhex(item.value) };
  await orFail("INCLUSION_INVALID", { entry }, () => checkState(proven, registry, read));
  return read;
}

/** The slot's value, or its absence, and the contract's code in the store that the last header commits to. */
function checkState({ code, slots: [item], store }, { address, code_hash: codeHash }, { last, slot, value }) {
  const account = addressBytes(address);
  const root = rootOf(IAVL, readLeaf(code, concat(CODE_HASH, account), unhex(codeHash)));
  const stores = { key: STORE, value: root, prefix: Uint8Array.of(0), path: readStore(store) };
  checkExistence(SIMPLE, last.hashes.app_hash, stores, STORE, root);
  const key = concat(STORAGE, account, slot);
  if (value === null) checkAbsence(IAVL, root, readAbsence(item.proof), key);
  else checkExistence(IAVL, root, readLeaf(item.proof, key, value), key, value);
}

function checkSlot({ slot }, wanted) {
  if (!equal(slot, wanted)) throw new Failed("SLOT_MISMATCH", { slot: hex(slot) });
}

/** The conclusion is the package's own contract, or one of the stream that a regulator's export shows. */
function checkConclusion(state, { contract_id: contractId, version, commitment }) {
  const holds =
    state.kind === "contract"
      ? {
          contract_id: contractId === state.opening.contract_id,
          version: version === state.opening.version,
          commitment: commitment === state.commitment,
        }
      : { contract_id: state.json.get(STREAM).stream === `econtract/${contractId}` };
  for (const [field, same] of Object.entries(holds)) if (!same) throw new Failed("STATEMENT_MISMATCH", { field });
}

/** The transaction's result: that it is the block's, succeeded, and concluded. Returns the names of its events. */
function checkResult(entry, result, { hashes }, judgeLog) {
  return orFail("INCLUSION_INVALID", { entry, field: "result" }, () => {
    const data = unbase64(result.data);
    const leaf = concat(
      numberField(1, result.code), bytesField(2, data), numberField(5, result.gas_wanted), numberField(6, result.gas_used),
    );
    const [index, total] = [BigInt(result.index), BigInt(result.total)];
    const path = result.path.map((item) => unhex(item));
    if (!verifyInclusion(leafHash(leaf), index, total, path, hashes.last_results_hash)) {
      throw new Failed("INCLUSION_INVALID", { entry, field: "result" });
    }
    const responses = readResponses(data);
    if (result.code !== 0 || responses.some(({ error }) => error !== "")) {
      throw new Failed("STATEMENT_MISMATCH", { field: "status" });
    }
    const events = responses.flatMap(({ logs }) => logs.flatMap(judgeLog));
    if (!events.includes("Concluded")) throw new Failed("STATEMENT_MISMATCH", { field: "events" });
    return events;
  });
}

/** 9 to 14: the token over the trail, the trust root's headers, and the time between them. Returns the facts. */
async function authenticate(state, { light, blocks, last }) {
  const { network } = state.trustRoot.value;
  const stamped = await judgeTrailToken(state, light, last);
  checkTrust(network, blocks);
  if (stamped === null) throw new Undecided("NO_HEADER_TIMESTAMP");
  const [first] = blocks;
  if (stamped >= first.time + BigInt(network.trusting_period) * SECOND) {
    throw new Undecided("TRUSTING_PERIOD_OVER", { trusted: timeText(first.time), token: timeText(stamped) });
  }
  return {
    type: LIGHT,
    height: last.height - 1,
    hash: hex(last.hash),
    time: textOf(moment(Number(last.time / SECOND))),
    trusted_height: first.height,
    ...powerOf(last),
    blocks: blocks.length,
    token: timeText(stamped),
  };
}

const timeText = (nanos) => textOf(Number(nanos / NANOS));

/** The time of the token over the trail as nanoseconds, null when there is none; tokens count in microseconds. */
async function judgeTrailToken(state, { chain_id, trail, token }, last) {
  if (token === null) return null;
  const imprint = digestOf({ v: 1, kind: TRAIL_LABEL, chain_id, trail });
  const { genTime } = await judgeToken(unbase64(token), imprint, state.trustRoot, state.now);
  const stamped = BigInt(Math.round(genTime * 1000)) * 1000n;
  if (genTime > state.now + TOLERANCE || last.time >= stamped + BigInt(TOLERANCE) * NANOS) {
    throw new Failed("TIME_CONTRADICTION", { token: timeText(stamped), block: timeText(last.time) });
  }
  return stamped;
}
