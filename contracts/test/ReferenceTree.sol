// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RFC 9162 trees written as the RFC defines them: recursively, over the whole list
/// @dev Slow and independent of src/libraries/RFC9162.sol: hashes and split points are computed here a second way.
library ReferenceTree {
    function leaf(bytes32 entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", entry));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"01", left, right));
    }

    /// @dev Largest power of two smaller than n.
    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    /// @dev MTH of section 2.1.1 over entries[from, to).
    function root(bytes32[] memory entries, uint256 from, uint256 to) internal pure returns (bytes32) {
        uint256 n = to - from;
        if (n == 0) return sha256("");
        if (n == 1) return leaf(entries[from]);
        uint256 k = split(n);
        return node(root(entries, from, from + k), root(entries, from + k, to));
    }

    /// @dev PATH of section 2.1.3.1.
    function path(
        uint256 index,
        bytes32[] memory entries,
        uint256 from,
        uint256 to
    ) internal pure returns (bytes32[] memory) {
        uint256 n = to - from;
        if (n <= 1) return new bytes32[](0);
        uint256 k = split(n);
        if (index < k) return push(path(index, entries, from, from + k), root(entries, from + k, to));
        return push(path(index - k, entries, from + k, to), root(entries, from, from + k));
    }

    /// @dev PROOF of section 2.1.4.1.
    function consistency(
        uint256 first,
        bytes32[] memory entries,
        uint256 second
    ) internal pure returns (bytes32[] memory) {
        return subproof(first, entries, 0, second, true);
    }

    function subproof(
        uint256 m,
        bytes32[] memory entries,
        uint256 from,
        uint256 to,
        bool whole
    ) private pure returns (bytes32[] memory) {
        uint256 n = to - from;
        if (m == n) {
            if (whole) return new bytes32[](0);
            return push(new bytes32[](0), root(entries, from, to));
        }
        uint256 k = split(n);
        if (m <= k) return push(subproof(m, entries, from, from + k, whole), root(entries, from + k, to));
        return push(subproof(m - k, entries, from + k, to, false), root(entries, from, from + k));
    }

    function push(bytes32[] memory list, bytes32 last) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = last;
    }
}
