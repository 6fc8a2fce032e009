// Steps 17 and 18: what the chain's record shows, and the judicial chain's receipt.

import { Malformed, bigEndian, equal, hex, keccak256, unbase64, utf8, word } from "../bytes.js";
import { moment, shortText, textOf } from "../case.js";
import { CHAIN_RECORD, JUDICIAL } from "../contents.js";
import { addressBytes } from "../keys.js";
import { LIGHT } from "../light_shape.js";
import { ED25519, parseNote, parseVkey, verifiedLine } from "../notes.js";
import { Failed, Undecided, Passed } from "../outcome.js";
import { LOG_CONTRACT, REGISTRY } from "../trust_root.js";
import { TYPE, readHeader, readReceipt, receiptProof } from "../trie.js";
import { lightRecord } from "./light.js";
import { orFail } from "./statements.js";

const MAX_RECEIPTS = 50;
const CONCLUDED = "Concluded";
const topicOf = (name, parameters) => ({ name, topic: keccak256(utf8(`${name}(${parameters})`)) });
const EVENTS = {
  [REGISTRY]: [
    topicOf(CONCLUDED, "bytes32,bytes32,bytes32,uint32,bytes32,uint8,uint64,uint64,address,bytes32,bytes32,bytes32,address"),
    topicOf("EIP712DomainChanged", ""),
  ],
  [LOG_CONTRACT]: [topicOf("Appended", "uint256,uint256,uint256,bytes32")],
};
const ACCEPTED = keccak256(utf8("CheckpointAccepted(uint64,bytes32,uint64)"));

const timeOf = (header) => textOf(moment(Number(header.time)));

/** 17. What the chain holds of this contract. */
export function chainRecord(state) {
  const record = state.json.get(CHAIN_RECORD);
  if (record === undefined) throw new Undecided("NO_CHAIN_RECORD");
  if (record.v === 1 && record.type === LIGHT) return lightRecord(state, record, (log) => judgeLog(state, log));
  return receipts(state, record);
}

/** Receipts of the log's and the registry's transactions. Their headers are signed by nobody. */
function receipts(state, record) {
  if (record.v !== 1 || record.type !== TYPE || !Array.isArray(record.receipts)) {
    throw new Undecided("UNSUPPORTED", { type: shortText(record.type, 40) });
  }
  const shown = [];
  for (const item of record.receipts.slice(0, MAX_RECEIPTS)) {
    try {
      const { header, ok, logs } = receiptProof(item);
      if (!ok) throw new Failed("STATEMENT_MISMATCH", { field: "status", block: String(header.number) });
      for (const log of logs) judgeLog(state, log);
      shown.push({ block: String(header.number), hash: hex(header.hash), time: timeOf(header) });
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Failed("INCLUSION_INVALID", { entry: CHAIN_RECORD, reason: error.message });
    }
  }
  if (shown.length === 0) throw new Undecided("NO_CHAIN_RECORD");
  throw new Undecided("HEADER_NOT_AUTHENTICATED", { receipts: shown });
}

/** An event of the root's contracts; a conclusion must be about this package. Returns the event's name; none if unknown. */
function judgeLog(state, { address, topics, data }) {
  const { contracts } = state.trustRoot.value;
  const contract = Object.keys(EVENTS).find((name) => equal(address, addressBytes(contracts[name].address)));
  if (contract === undefined) throw new Failed("CONTRACT_CODE_UNKNOWN", { address: hex(address) });
  const name = EVENTS[contract].find(({ topic }) => topics.length > 0 && equal(topic, topics[0]))?.name;
  if (name !== CONCLUDED || state.kind !== "contract") return name === undefined ? [] : [name];
  if (topics.length < 4) throw new Malformed("Concluded lacks topics");
  const holds = {
    contractId: hex(topics[1]) === state.opening.contract_id,
    commitment: hex(topics[3]) === state.commitment,
    version: bigEndian(data.subarray(0, 32)) === BigInt(state.opening.version),
  };
  for (const [field, same] of Object.entries(holds)) if (!same) throw new Failed("STATEMENT_MISMATCH", { field });
  return [name];
}

/** 18. The court's own chain has accepted the checkpoint. */
export async function judicial(state) {
  const entry = JUDICIAL;
  const receipt = state.json.get(entry);
  if (receipt === undefined) throw new Undecided("NO_JUDICIAL_RECEIPT");
  const chains = state.trustRoot.value.judicial.filter((one) => one.chain_id === receipt.chain_id);
  if (receipt.type !== TYPE || chains.length === 0) throw new Undecided("UNSUPPORTED", { entry });
  const chain = chains.find((one) => one.address === receipt.address);
  if (!chain) throw new Failed("CONTRACT_CODE_UNKNOWN", { address: receipt.address });
  const { header, ok, logs } = await orFail("INCLUSION_INVALID", { entry }, () => {
    const read = readHeader(unbase64(receipt.header));
    return { header: read, ...readReceipt(read.receiptsRoot, receipt.receipt_index, receipt.receipt_proof.map(unbase64)) };
  });
  const { size, root } = state.checkpoint;
  if (!ok || !logs.some((log) => accepts(log, chain, size, root))) throw new Failed("STATEMENT_MISMATCH", { entry });
  const facts = {
    chain_id: chain.chain_id,
    address: chain.address,
    block: String(header.number),
    hash: hex(header.hash),
    time: timeOf(header),
    size: String(size),
  };
  if (receipt.seal === null || chain.seal_vkey === null) throw new Undecided("HEADER_NOT_AUTHENTICATED", facts);
  const key = parseVkey(chain.seal_vkey, ED25519);
  const note = await orFail("FORMAT_FAILURE", { entry, field: "seal" }, () => parseNote(utf8(receipt.seal)));
  const text = `concord-block-seal/v1\n${chain.chain_id}\n${header.number}\n${hex(header.hash)}\n`;
  if (!equal(note.text, utf8(text))) throw new Failed("STATEMENT_MISMATCH", { field: "seal" });
  await orFail("SIG_CRYPTO_FAILURE", { entry, field: "seal" }, () => verifiedLine(note, key));
  return new Passed({ ...facts, sealed_by: key.name });
}

function accepts({ address, topics, data }, chain, size, root) {
  return (
    equal(address, addressBytes(chain.address)) &&
    topics.length === 2 &&
    equal(topics[0], ACCEPTED) &&
    equal(topics[1], word(size)) &&
    data.length === 64 &&
    equal(data.subarray(0, 32), root)
  );
}
