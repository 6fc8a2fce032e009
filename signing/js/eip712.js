// EIP-712: domain separator, struct hash and the 66-byte preimage 0x1901 ‖ separator ‖ struct hash of the platform's
// statements. Type strings are those of the contracts (LaborContractRegistry).

import { keccak_256 } from "../vendor/noble/hashes/sha3.js";
import { concat, unhex, utf8 } from "./bytes.js";
import { demand } from "./errors.js";

export const DOMAIN = [
  ["name", "string"],
  ["version", "string"],
  ["chainId", "uint256"],
  ["verifyingContract", "address"],
  ["salt", "bytes32"],
];

export const STATEMENTS = {
  Consent: [
    ["commitment", "bytes32"],
    ["contractId", "bytes32"],
    ["version", "uint32"],
    ["prev", "bytes32"],
    ["role", "uint8"],
    ["signerKeyHash", "bytes32"],
    ["expiry", "uint64"],
  ],
  IdentityCheck: [
    ["commitment", "bytes32"],
    ["subject", "bytes32"],
    ["factors", "uint16"],
    ["level", "uint8"],
    ["time", "uint64"],
  ],
  Attestation: [
    ["commitment", "bytes32"],
    ["contractId", "bytes32"],
    ["signerKeyHash", "bytes32"],
    ["subject", "bytes32"],
    ["level", "uint8"],
    ["checkDigest", "bytes32"],
    ["time", "uint64"],
  ],
};

export const keccak256 = (bytes) => keccak_256(bytes);

function word(type, value, field) {
  if (type === "string") {
    demand(typeof value === "string", "eip712.field_refused", { field });
    return keccak256(utf8(value));
  }
  if (type === "bytes32") return unhex(String(value).toLowerCase(), 32);
  if (type === "address") {
    demand(typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value), "eip712.field_refused", { field });
    return concat(new Uint8Array(12), unhex(value.toLowerCase(), 20));
  }
  const bits = Number(/^uint(\d+)$/.exec(type)?.[1]);
  demand(bits > 0, "eip712.type_refused", { type });
  demand(typeof value === "bigint" || Number.isSafeInteger(value), "eip712.field_refused", { field });
  const number = BigInt(value);
  demand(number >= 0n && number < 1n << BigInt(bits), "eip712.field_refused", { field });
  return unhex(number.toString(16).padStart(64, "0"), 32);
}

function structHash(name, fields, values) {
  demand(Object.keys(values).length === fields.length, "eip712.fields_differ", { name });
  const type = `${name}(${fields.map(([field, kind]) => `${kind} ${field}`).join(",")})`;
  const words = fields.map(([field, kind]) => {
    demand(Object.hasOwn(values, field), "eip712.field_refused", { field });
    return word(kind, values[field], field);
  });
  return keccak256(concat(keccak256(utf8(type)), ...words));
}

/** Domain separator of {name, version, chainId, verifyingContract, salt}. */
export const separator = (domain) => structHash("EIP712Domain", DOMAIN, domain);

/** The 66 bytes that a worker's key signs (with SHA-256), and whose Keccak-256 a wallet signs. */
export function preimage(domain, name, message) {
  demand(Object.hasOwn(STATEMENTS, name), "eip712.type_refused", { type: name });
  return concat(Uint8Array.of(0x19, 0x01), separator(domain), structHash(name, STATEMENTS[name], message));
}

/** The EIP-712 digest: Keccak-256 of the preimage. */
export const digest = (domain, name, message) => keccak256(preimage(domain, name, message));
