// What a transaction returned on the validators' network (spec annex C): strict protobuf of a TxMsgData that holds
// responses of the EVM, with their logs. The only protobuf that is read and not only written.

import { demand, fromUtf8, unhex } from "./bytes.js";

const VARINT = 0, BYTES = 2;
const RESPONSE = "/cosmos.evm.vm.v1.MsgEthereumTxResponse";
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const TOPIC = /^0x[0-9a-fA-F]{64}$/;
const MAX_TOPICS = 4;
const NOTHING = new Uint8Array(0);

/** {value, at}: the shortest LEB128 at `at`, below 2^bits. */
function readVarint(data, at, bits) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    demand(at < data.length && shift < 70n, "a number is truncated or too long");
    const byte = data[at++];
    demand(byte !== 0 || shift === 0n, "a number is not in its shortest form");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  demand(value < 1n << bits, "a number is out of range");
  return { value, at };
}

/** [{number, bytes (null for a varint)}] of a message: ascending numbers, nothing behind the last field. */
function readFields(data) {
  const fields = [];
  let at = 0;
  let last = 1;
  while (at < data.length) {
    const tag = readVarint(data, at, 32n);
    const [number, type] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    demand(number >= last, "field numbers fall, or are 0");
    demand(type === VARINT || type === BYTES, "a wire type that does not occur");
    const head = readVarint(data, tag.at, type === VARINT ? 64n : 31n);
    at = head.at;
    let bytes = null;
    if (type === BYTES) {
      const length = Number(head.value);
      demand(length <= data.length - at, "a field is truncated");
      bytes = data.subarray(at, at + length);
      at += length;
    }
    fields.push({ number, bytes });
    last = number;
  }
  return fields;
}

function all(fields, wanted) {
  const found = fields.filter(({ number }) => number === wanted).map(({ bytes }) => bytes);
  demand(!found.includes(null), "a field has another wire type");
  return found;
}

function one(fields, wanted) {
  const found = all(fields, wanted);
  demand(found.length <= 1, "a field comes twice");
  return found[0] ?? NOTHING;
}

function readHex(bytes, pattern) {
  const text = fromUtf8(bytes);
  demand(pattern.test(text) && !text.endsWith("\n"), "not 0x and hexadecimal");
  return unhex(text.slice(2).toLowerCase());
}

function readLog(data) {
  const fields = readFields(data);
  const topics = all(fields, 2).map((topic) => readHex(topic, TOPIC));
  demand(topics.length <= MAX_TOPICS, "a log has too many topics");
  return { address: readHex(one(fields, 1), ADDRESS), topics, data: one(fields, 3) };
}

function readResponse(data) {
  const message = readFields(data);
  demand(fromUtf8(one(message, 1)) === RESPONSE, "not a response of the EVM");
  const fields = readFields(one(message, 2));
  return { error: fromUtf8(one(fields, 4)), logs: all(fields, 2).map(readLog) };
}

/** [{error, logs: [{address, topics, data}]}] of a transaction's returned data; throws Malformed. */
export function readResponses(data) {
  const responses = all(readFields(data), 2).map(readResponse);
  demand(responses.length > 0, "no response of the EVM");
  return responses;
}
