// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle tree hashing and proofs of RFC 9162 with SHA-256
/// @notice Leaf and node hashes are domain-separated and a proof is bound to its position: these are not sorted pairs.
library RFC9162 {
    /// @notice Tree head of the empty log: SHA-256 of the empty string (RFC 9162, section 2.1.1).
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @notice SHA-256(0x00 || entry).
    function leafHash(bytes32 entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), entry));
    }

    /// @notice SHA-256(0x01 || left || right).
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice Whether `leaf` stands at `index` in the tree of `size` leaves with head `root` (section 2.1.3.2).
    function verifyInclusion(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof,
        bytes32 root
    ) internal pure returns (bool) {
        if (index >= size) return false;
        uint256 fn = index;
        uint256 sn = size - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                hash = nodeHash(proof[i], hash);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                hash = nodeHash(hash, proof[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && hash == root;
    }

    /// @notice Whether the tree (`second`, `secondRoot`) extends the tree (`first`, `firstRoot`) (section 2.1.4.2).
    /// @dev Every tree extends the empty one, and each extends itself; both need an empty proof.
    function verifyConsistency(
        uint256 first,
        uint256 second,
        bytes32 firstRoot,
        bytes32 secondRoot,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        if (first > second) return false;
        if (first == 0) return proof.length == 0 && firstRoot == EMPTY_ROOT;
        if (first == second) return proof.length == 0 && firstRoot == secondRoot;
        if (proof.length == 0) return false;

        uint256 fn = first - 1;
        uint256 sn = second - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        // A complete first tree is itself the first node of the path; RFC 9162 leaves it out of the proof.
        bool complete = first & (first - 1) == 0;
        bytes32 fr = complete ? firstRoot : proof[0];
        bytes32 sr = fr;
        for (uint256 i = complete ? 0 : 1; i < proof.length; ++i) {
            if (sn == 0) return false;
            bytes32 sibling = proof[i];
            if (fn & 1 == 1 || fn == sn) {
                fr = nodeHash(sibling, fr);
                sr = nodeHash(sibling, sr);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                sr = nodeHash(sr, sibling);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == firstRoot && sr == secondRoot;
    }
}
