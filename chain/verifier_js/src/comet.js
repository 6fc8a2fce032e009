// What CometBFT hashes and signs (its specification, spec/core/data_structures.md and encoding.md): block headers, sets of
// validators, precommits. Times are {seconds, nanos}; numbers are safe integers; hashes and keys are bytes.

import { concat, sha256Sync, utf8 } from "./bytes.js";
import { bytesField, fixed64Field, messageField, numberField, varint } from "./protobuf.js";
import { leafHash, treeRoot } from "./tree.js";

const PRECOMMIT = 2;
const ADDRESS = 20;

/** Root of a simple Merkle tree (the shape of RFC 6962) over these items. */
export const merkleRoot = (items) => treeRoot(items.map(leafHash));

/** Address of an Ed25519 key: the first 20 bytes of its SHA-256. */
export const addressOf = (key) => sha256Sync(key).subarray(0, ADDRESS);

const timestamp = ({ seconds, nanos }) => concat(numberField(1, seconds), numberField(2, nanos));

/** BlockID and CanonicalBlockID are written alike. */
const blockId = ({ hash, parts }) =>
  concat(bytesField(1, hash), messageField(2, concat(numberField(1, parts.total), bytesField(2, parts.hash))));

/**
 * Hash of a block header: the Merkle root of its fourteen encoded fields.
 * @param header {version: {block, app}, chain_id, height, time, last_block_id: {hash, parts: {total, hash}}, and the
 *   hashes last_commit_hash, data_hash, validators_hash, next_validators_hash, consensus_hash, app_hash,
 *   last_results_hash, evidence_hash, proposer_address}
 */
export function headerHash(header) {
  const { version, chain_id: chainId, height, time, last_block_id: last } = header;
  return merkleRoot([
    concat(numberField(1, version.block), numberField(2, version.app)),
    bytesField(1, utf8(chainId)),
    numberField(1, height),
    timestamp(time),
    blockId(last),
    bytesField(1, header.last_commit_hash),
    bytesField(1, header.data_hash),
    bytesField(1, header.validators_hash),
    bytesField(1, header.next_validators_hash),
    bytesField(1, header.consensus_hash),
    bytesField(1, header.app_hash),
    bytesField(1, header.last_results_hash),
    bytesField(1, header.evidence_hash),
    bytesField(1, header.proposer_address),
  ]);
}

/** Hash of a set of validators [{key (Ed25519), power}] in the set's own order. */
export const validatorsHash = (validators) =>
  merkleRoot(validators.map(({ key, power }) => concat(messageField(1, bytesField(1, key)), numberField(2, power))));

/** The bytes that a validator signs when it precommits a block: the CanonicalVote behind its length. */
export function precommitBytes({ chainId, height, round, block, time }) {
  const vote = concat(
    numberField(1, PRECOMMIT),
    fixed64Field(2, height),
    fixed64Field(3, round),
    messageField(4, blockId(block)),
    messageField(5, timestamp(time)),
    bytesField(6, utf8(chainId)),
  );
  return concat(varint(vote.length), vote);
}
