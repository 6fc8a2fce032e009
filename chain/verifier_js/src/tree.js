// RFC 9162 Merkle trees over SHA-256, synchronous: roots and inclusion proofs by the loop of §2.1.3.2. The signing
// page's tree (signing/js/tree.js) answers the same questions by WebCrypto; tests hold the two against each other.

import { concat, equal, sha256Sync } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (data) => sha256Sync(concat(LEAF, data));
export const nodeHash = (left, right) => sha256Sync(concat(NODE, left, right));

/** Root over leaf hashes; of none it is SHA-256 of nothing. */
export function treeRoot(leaves) {
  if (leaves.length === 0) return sha256Sync(new Uint8Array(0));
  let level = leaves;
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i], level[i + 1]));
    if (level.length % 2) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0];
}

/** Whether the leaf stands at `index` of the tree with this size and root; index and size are BigInt. */
export function verifyInclusion(leaf, index, size, path, root) {
  if (index < 0n || index >= size || [leaf, root, ...path].some((hash) => hash.length !== 32)) return false;
  let position = index;
  let last = size - 1n;
  let node = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (position & 1n || position === last) {
      node = nodeHash(sibling, node);
      while (!(position & 1n) && position !== 0n) {
        position >>= 1n;
        last >>= 1n;
      }
    } else node = nodeHash(node, sibling);
    position >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(node, root);
}
