// RFC 9162 Merkle trees over SHA-256: roots, inclusion proofs (§2.1.3.2), consistency proofs (§2.1.4.2).
// Sizes and indices are BigInt or safe integers. Decided on purpose, as in chain.merkle.verification: no leaf is in the
// empty tree; sizes 0 and 0 need the empty tree's root twice; from size 0 to more nothing is proven; equal sizes need
// an empty proof and equal roots.

import { concat, equal, sha256 } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (data) => sha256(concat(LEAF, data));
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));

/** Root over leaf hashes; the empty tree's root is SHA-256 of nothing. */
export async function root(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  let level = leaves;
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(await nodeHash(level[i], level[i + 1]));
    if (level.length % 2) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0];
}

/** Whether the leaf stands at this index of the tree with this size and root. */
export async function verifyInclusion(leaf, index, size, proof, expected) {
  let position = BigInt(index);
  const count = BigInt(size);
  if (position < 0n || position >= count || !wellFormed([leaf, expected, ...proof])) return false;
  let last = count - 1n;
  let node = leaf;
  for (const sibling of proof) {
    if (last === 0n) return false;
    if (position & 1n || position === last) {
      node = await nodeHash(sibling, node);
      while (!(position & 1n) && position !== 0n) {
        position >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await nodeHash(node, sibling);
    }
    position >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(node, expected);
}

/** Whether the tree of `size2` extends the tree of `size1`. */
export async function verifyConsistency(size1, root1, size2, root2, proof) {
  const first = BigInt(size1);
  const second = BigInt(size2);
  if (first < 0n || first > second || !wellFormed(proof)) return false;
  if (first === second) {
    const known = first > 0n || equal(root1, await root([]));
    return known && proof.length === 0 && equal(root1, root2);
  }
  if (first === 0n || proof.length === 0 || !wellFormed([root1, root2])) return false;
  const powerOfTwo = (first & (first - 1n)) === 0n;
  const path = powerOfTwo ? [root1, ...proof] : proof;
  let a = first - 1n;
  let b = second - 1n;
  while (a & 1n) {
    a >>= 1n;
    b >>= 1n;
  }
  let older = path[0];
  let newer = path[0];
  for (const node of path.slice(1)) {
    if (b === 0n) return false;
    if (a & 1n || a === b) {
      older = await nodeHash(node, older);
      newer = await nodeHash(node, newer);
      while (!(a & 1n) && a !== 0n) {
        a >>= 1n;
        b >>= 1n;
      }
    } else {
      newer = await nodeHash(newer, node);
    }
    a >>= 1n;
    b >>= 1n;
  }
  return b === 0n && equal(older, root1) && equal(newer, root2);
}

function wellFormed(hashes) {
  return hashes.every((hash) => hash instanceof Uint8Array && hash.length === 32);
}
