// A transaction's returned data: one spelling of it is read, anything else is refused.
import assert from "node:assert/strict";
import test from "node:test";

import { concat, hex, unhex, utf8 } from "../../../chain/verifier_js/src/bytes.js";
import { bytesField, messageField, numberField } from "../../../chain/verifier_js/src/protobuf.js";
import { readResponses } from "../../../chain/verifier_js/src/transaction_result.js";

const RESPONSE = "/cosmos.evm.vm.v1.MsgEthereumTxResponse";
const malformed = { name: "Malformed" };
const ADDRESS = "0xAbcdefABCDEFabcdefABCDEFabcdefABCDEF1234";
const TOPIC = `0x${"0a".repeat(32)}`;

const log = ({ address = ADDRESS, topics = [TOPIC], data = utf8("data"), more = new Uint8Array(0) } = {}) =>
  concat(bytesField(1, utf8(address)), ...topics.map((topic) => messageField(2, utf8(topic))), bytesField(3, data), more);
const response = ({ logs = [log()], error = "", more = new Uint8Array(0) } = {}) =>
  concat(...logs.map((one) => messageField(2, one)), bytesField(4, utf8(error)), more);
const packed = (content, type = RESPONSE) => messageField(2, concat(bytesField(1, utf8(type)), bytesField(2, content)));
const refused = (data) => assert.throws(() => readResponses(data), malformed, hex(data).slice(0, 80));

test("responses, logs and what is not named are read", () => {
  const [only] = readResponses(packed(response({ more: concat(numberField(5, 21000), bytesField(9, utf8("x"))) })));
  assert.equal(only.error, "");
  assert.equal(hex(only.logs[0].address), ADDRESS.slice(2).toLowerCase());
  assert.deepEqual(only.logs[0].topics.map(hex), [TOPIC.slice(2)]);
  assert.equal(hex(only.logs[0].data), hex(utf8("data")));
  const two = concat(packed(response({ logs: [], error: "reverted" })), packed(new Uint8Array(0)), bytesField(3, utf8("?")));
  assert.deepEqual(readResponses(two), [{ error: "reverted", logs: [] }, { error: "", logs: [] }]);
  assert.equal(readResponses(packed(response({ logs: [log({ topics: [], data: new Uint8Array(0) })] })))[0].logs[0].data.length, 0);
});

test("other modules' answers, none at all, and members of another kind", () => {
  refused(new Uint8Array(0));
  refused(bytesField(1, utf8("x")));
  refused(packed(response(), "/cosmos.bank.v1beta1.MsgSendResponse"));
  refused(packed(response(), `${RESPONSE} `));
  refused(numberField(2, 5));
  refused(packed(numberField(2, 5)));
  refused(packed(numberField(4, 5)));
  refused(concat(packed(response()), unhex("1500000000"))); // wire type 5
  refused(messageField(2, concat(bytesField(1, utf8(RESPONSE)), bytesField(1, utf8(RESPONSE)), bytesField(2, response()))));
  refused(packed(concat(bytesField(4, utf8("a")), bytesField(4, utf8("b")))));
});

test("one spelling: numbers in their shortest form, fields in order, nothing cut off or behind", () => {
  const good = packed(response());
  readResponses(good);
  refused(concat(good, bytesField(1, utf8("x"))));
  refused(concat(unhex("00"), good));
  refused(concat(unhex("0000"), good));
  refused(concat(good, unhex("18")));
  refused(concat(good, unhex("188500")));
  refused(concat(good, unhex("18ffffffffffffffffff7f")));
  refused(concat(good, unhex("18ffffffffffffffffffff01")));
  refused(concat(good, unhex("1a05ff")));
  refused(concat(good, unhex("1affffffff0f")));
  refused(concat(good, unhex("f8ffffffffff0101")));
  readResponses(concat(good, unhex("18ffffffffffffffffff01")));
  for (let at = 1; at < good.length; at++) refused(good.subarray(0, at));
});

test("logs: addresses and topics in their form, at most four topics, texts in UTF-8", () => {
  const bad = (given) => refused(packed(response({ logs: [log(given)] })));
  for (const address of ["", ADDRESS.slice(2), `${ADDRESS}00`, ADDRESS.replace("A", "g"), `${ADDRESS}\n`, `${ADDRESS.slice(0, -1)}é`]) bad({ address });
  for (const topic of ["", "0x", TOPIC.slice(0, -1), `${TOPIC}\n`, TOPIC.replace("0x", "0X")]) bad({ topics: [topic] });
  bad({ topics: Array(5).fill(TOPIC) });
  assert.equal(readResponses(packed(response({ logs: [log({ topics: Array(4).fill(TOPIC) })] })))[0].logs[0].topics.length, 4);
  bad({ more: bytesField(3, utf8("again")) });
  refused(packed(bytesField(4, unhex("ff"))));
  refused(messageField(2, concat(bytesField(1, unhex("ff")), bytesField(2, response()))));
});
