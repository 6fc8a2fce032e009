// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A court's own history of an evidence log's checkpoints
/// @notice Stands on a chain that belongs to the court. A checkpoint enters only with the cosignatures of a quorum of
///         independent witnesses and with a proof that its tree extends the last accepted one, so that nobody, however
///         many keys he holds, can make it accept a rewritten history of what it has accepted before. Each entry is
///         written once. There is no owner, no pause and no upgrade.
/// @dev Who sends a checkpoint is of no consequence. The witnesses' EIP-712 domain names this chain and this contract,
///      its salt is SHA-256 of the log's origin.
interface IJudicialAnchor {
    /// @notice A checkpoint was accepted.
    /// @param size Number of entries in the log.
    /// @param root RFC 9162 tree head over them.
    /// @param previousSize Size of the checkpoint accepted before, zero for the first.
    event CheckpointAccepted(uint64 indexed size, bytes32 root, uint64 previousSize);

    /// @notice The threshold must lie between one and the number of witnesses.
    error InvalidThreshold(uint8 threshold, uint256 witnesses);

    /// @notice A list of witnesses, or of their signatures, must ascend strictly by address: each witness counts once.
    error WitnessesNotAscending(address previous, address next);

    /// @notice The signature is by somebody who is no witness, or over another checkpoint.
    error NotAWitness(address signer);

    /// @notice Each signature needs its time, and no time is left over.
    error LengthsDiffer(uint256 times, uint256 signatures);

    /// @notice Too few witnesses have signed.
    error QuorumMissing(uint256 signatures, uint8 threshold);

    /// @notice A checkpoint has at least one entry, and its root is not zero.
    error EmptyCheckpoint(uint64 size, bytes32 root);

    /// @notice Only a larger tree can follow: what was accepted is never replaced.
    error NotNewer(uint64 size, uint64 latestSize);

    /// @notice The proof does not show that the tree of `size` entries extends the one accepted at `latestSize`.
    error HistoryRewritten(uint64 latestSize, bytes32 latestRoot, uint64 size, bytes32 root);

    /// @notice Accepts a checkpoint of the log.
    /// @param size Number of entries.
    /// @param root RFC 9162 tree head over them.
    /// @param times For each signature, the Unix second that the witness put under it.
    /// @param signatures 65 bytes each (r, s, v), ascending by the witness's address.
    /// @param consistency RFC 9162 proof from the last accepted checkpoint; empty for the first one.
    function accept(
        uint64 size,
        bytes32 root,
        uint64[] calldata times,
        bytes[] calldata signatures,
        bytes32[] calldata consistency
    ) external;

    /// @notice The last accepted checkpoint; zeros before the first.
    function latest() external view returns (uint64 size, bytes32 root);

    /// @notice Root that was accepted at `size`; zero when no checkpoint of that size was.
    function rootAt(uint64 size) external view returns (bytes32);

    /// @notice Number of accepted checkpoints.
    function count() external view returns (uint256);

    /// @notice Size of the accepted checkpoint with number `i`, counted from zero.
    function sizeAt(uint256 i) external view returns (uint64);

    /// @notice Whether `entry` stands at `index` in the tree accepted at `size`.
    /// @param entry SHA-256 of the event's canonical bytes (not yet the leaf hash).
    /// @param path RFC 9162 inclusion proof.
    /// @return False also when no checkpoint of that size was accepted; {rootAt} tells these apart.
    function verifyInclusion(
        bytes32 entry,
        uint64 index,
        uint64 size,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice What a witness signs for this contract: the EIP-712 digest of its cosignature.
    function checkpointDigest(uint64 size, bytes32 root, uint64 time) external view returns (bytes32);

    /// @notice Name of the log whose checkpoints are accepted (C2SP origin).
    function origin() external view returns (string memory);

    /// @notice Whether signatures of this address count.
    function isWitness(address account) external view returns (bool);

    /// @notice How many witnesses must sign.
    function threshold() external view returns (uint8);
}
