// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Append-only log of evidence entries
/// @notice Keeps the RFC 9162 Merkle tree over all entries as its frontier. An entry is the SHA-256 of one event; the
///         entries themselves stand in the call data, so that any node can rebuild the whole log.
/// @dev Any account that may transact may append: an entry proves only that its bytes existed, and the auditor matches
///      each entry to an event. Which accounts may transact is decided by the gateway or by the validators.
interface IEvidenceLog {
    /// @notice A batch was appended.
    /// @param firstIndex Index of the batch's first entry, counted from zero.
    /// @param count Number of entries in the batch.
    /// @param size Number of entries in the log after the batch.
    /// @param root RFC 9162 tree head over all `size` entries.
    event Appended(uint256 indexed firstIndex, uint256 count, uint256 size, bytes32 root);

    /// @notice The log holds another number of entries than the sender staged its batch for.
    error SizeMismatch(uint256 expected, uint256 actual);

    /// @notice A batch must hold at least one entry.
    error EmptyBatch();

    /// @notice Appends a batch at exactly the position for which it was staged.
    /// @param expectedSize Number of entries that the log must hold before the call.
    /// @param entries The batch, in order.
    function append(uint256 expectedSize, bytes32[] calldata entries) external;

    /// @notice Number of entries in the log.
    function size() external view returns (uint256);

    /// @notice RFC 9162 tree head over all entries; SHA-256 of the empty string for the empty log.
    function root() external view returns (bytes32);

    /// @notice Roots of the complete subtrees that make up the tree, the largest (oldest) first.
    function frontier() external view returns (bytes32[] memory);
}
