// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEvidenceLog} from "./interfaces/IEvidenceLog.sol";
import {RFC9162} from "./libraries/RFC9162.sol";

/// @title Append-only log of evidence entries, see {IEvidenceLog}
contract EvidenceLog is IEvidenceLog {
    /// @dev More levels than any log can fill: 2^40 entries.
    uint256 private constant LEVELS = 40;

    uint256 private _size;

    /// @dev _nodes[k] is the root of the complete subtree of 2^k leaves that stands in the tree when bit k of _size is
    ///      set, and a left-over that nothing reads when it is not.
    bytes32[LEVELS] private _nodes;

    /// @inheritdoc IEvidenceLog
    function append(uint256 expectedSize, bytes32[] calldata entries) external {
        uint256 first = _size;
        if (expectedSize != first) revert SizeMismatch(expectedSize, first);
        if (entries.length == 0) revert EmptyBatch();

        uint256 newSize = first + entries.length;
        bytes32[LEVELS] memory nodes = _load(first);
        uint256 changed = 0;
        for (uint256 i = 0; i < entries.length; ++i) {
            bytes32 node = RFC9162.leafHash(entries[i]);
            uint256 level = 0;
            // As in binary counting: each complete subtree on the right merges with its equal on the left.
            for (uint256 position = first + i; position & 1 == 1; position >>= 1) {
                node = RFC9162.nodeHash(nodes[level], node);
                ++level;
            }
            nodes[level] = node;
            changed |= 1 << level;
        }

        _size = newSize;
        for (uint256 level = 0; level < LEVELS; ++level) {
            if ((changed & newSize) >> level & 1 == 1) _nodes[level] = nodes[level];
        }
        emit Appended(first, entries.length, newSize, _head(newSize, nodes));
    }

    /// @inheritdoc IEvidenceLog
    function size() external view returns (uint256) {
        return _size;
    }

    /// @inheritdoc IEvidenceLog
    function root() external view returns (bytes32) {
        return _head(_size, _load(_size));
    }

    /// @inheritdoc IEvidenceLog
    function frontier() external view returns (bytes32[] memory subtrees) {
        uint256 entries = _size;
        uint256 count = 0;
        for (uint256 level = 0; level < LEVELS; ++level) count += (entries >> level) & 1;
        subtrees = new bytes32[](count);
        for (uint256 level = 0; level < LEVELS; ++level) {
            if ((entries >> level) & 1 == 1) subtrees[--count] = _nodes[level];
        }
    }

    /// @dev Reads the subtrees that stand in a tree of `entries` leaves.
    function _load(uint256 entries) private view returns (bytes32[LEVELS] memory nodes) {
        for (uint256 level = 0; level < LEVELS; ++level) {
            if ((entries >> level) & 1 == 1) nodes[level] = _nodes[level];
        }
    }

    /// @dev Folds the subtrees from the smallest to the largest: the RFC 9162 tree head.
    function _head(uint256 entries, bytes32[LEVELS] memory nodes) private pure returns (bytes32 head) {
        if (entries == 0) return RFC9162.EMPTY_ROOT;
        bool started = false;
        for (uint256 level = 0; level < LEVELS; ++level) {
            if ((entries >> level) & 1 == 1) {
                head = started ? RFC9162.nodeHash(nodes[level], head) : nodes[level];
                started = true;
            }
        }
    }
}
