// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReferenceTree} from "./ReferenceTree.sol";

/// @title RFC 9162 trees whose leaves are all the same: a million of them cost a few hashes
/// @dev The recursion is the RFC's own; a subtree is known by its number of leaves alone.
library UniformTree {
    bytes32 internal constant ENTRY = keccak256("one entry");

    function root(uint256 n) internal pure returns (bytes32) {
        if (n == 0) return sha256("");
        if (n == 1) return ReferenceTree.leaf(ENTRY);
        uint256 k = ReferenceTree.split(n);
        if (k * 2 == n) {
            bytes32 half = root(k);
            return ReferenceTree.node(half, half);
        }
        return ReferenceTree.node(root(k), root(n - k));
    }

    function path(uint256 index, uint256 n) internal pure returns (bytes32[] memory) {
        if (n <= 1) return new bytes32[](0);
        uint256 k = ReferenceTree.split(n);
        if (index < k) return ReferenceTree.push(path(index, k), root(n - k));
        return ReferenceTree.push(path(index - k, n - k), root(k));
    }

    function consistency(uint256 first, uint256 second) internal pure returns (bytes32[] memory) {
        if (first == 0) return new bytes32[](0);
        return subproof(first, second, true);
    }

    function subproof(uint256 m, uint256 n, bool whole) private pure returns (bytes32[] memory) {
        if (m == n) {
            if (whole) return new bytes32[](0);
            return ReferenceTree.push(new bytes32[](0), root(n));
        }
        uint256 k = ReferenceTree.split(n);
        if (m <= k) return ReferenceTree.push(subproof(m, k, whole), root(n - k));
        return ReferenceTree.push(subproof(m - k, n - k, false), root(k));
    }
}
