// EIP-712 of the platform's statements: the type strings of the contracts, the domain of a trust root, digests.
// Members of statements are given by the snake_case names of the package's JSON, in the order of the Solidity struct.

import { concat, demand, keccak256, sha256Sync, unhex, utf8, word } from "./bytes.js";
import { addressBytes } from "./keys.js";

const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";

const TYPES = {
  Consent: "bytes32 commitment,bytes32 contractId,uint32 version,bytes32 prev,uint8 role,bytes32 signerKeyHash,uint64 expiry",
  IdentityCheck: "bytes32 commitment,bytes32 subject,uint16 factors,uint8 level,uint64 time",
  Attestation:
    "bytes32 commitment,bytes32 contractId,bytes32 signerKeyHash,bytes32 subject,uint8 level,bytes32 checkDigest,uint64 time",
  RegisterOrganisation: "bytes32 orgId,uint64 regionCode,address representative,bytes32 sealKeyHash,uint64 nonce",
  ReplaceRepresentative: "bytes32 orgId,address representative,uint64 nonce",
  SetSealKey: "bytes32 orgId,bytes32 sealKeyHash,uint64 nonce",
  GrantAgent: "bytes32 orgId,address agent,uint8 scope,uint64 validUntil,uint64 nonce",
  RevokeAgent: "bytes32 orgId,address agent,uint64 nonce",
  WitnessedCheckpoint: "string origin,uint64 size,bytes32 root,uint64 time",
};

const snake = (camel) => camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const LAYOUTS = new Map(
  Object.entries(TYPES).map(([name, fields]) => [
    name,
    {
      typeHash: keccak256(utf8(`${name}(${fields})`)),
      fields: fields.split(",").map((field) => {
        const [kind, camel] = field.split(" ");
        return [kind, snake(camel)];
      }),
    },
  ]),
);

function encode(kind, value, field) {
  if (kind === "bytes32") return unhex(value, 32);
  if (kind === "address") return concat(new Uint8Array(12), addressBytes(value));
  if (kind === "string") return keccak256(utf8(value));
  const number = BigInt(value);
  demand(number >= 0n && number < 1n << BigInt(kind.slice(4)), "a number does not fit its type", { field });
  return word(number);
}

/** Domain separator of one contract of an installation (or of a judicial chain). */
export function domainSeparator({ test, chainId, contract, logOrigin }) {
  return keccak256(
    concat(
      keccak256(utf8(DOMAIN)),
      keccak256(utf8(test ? "Concord TEST" : "Concord")),
      keccak256(utf8("1")),
      word(chainId),
      concat(new Uint8Array(12), addressBytes(contract)),
      sha256Sync(utf8(logOrigin)),
    ),
  );
}

/** The 66 bytes 0x1901 ‖ domain separator ‖ struct hash. Throws Malformed when a value does not fit its type. */
export function preimage(separator, name, message) {
  const { typeHash, fields } = LAYOUTS.get(name);
  const words = fields.map(([kind, field]) => encode(kind, message[field], field));
  return concat(Uint8Array.of(0x19, 0x01), separator, keccak256(concat(typeHash, ...words)));
}

/** Keccak-256 of the preimage: what a wallet signs. */
export const digest = (separator, name, message) => keccak256(preimage(separator, name, message));
