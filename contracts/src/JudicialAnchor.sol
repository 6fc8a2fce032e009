// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IJudicialAnchor} from "./interfaces/IJudicialAnchor.sol";
import {RFC9162} from "./libraries/RFC9162.sol";
import {SaltedEIP712} from "./SaltedEIP712.sol";

/// @title A court's own history of an evidence log's checkpoints, see {IJudicialAnchor}
contract JudicialAnchor is IJudicialAnchor, SaltedEIP712 {
    bytes32 private constant CHECKPOINT_TYPEHASH =
        keccak256("WitnessedCheckpoint(string origin,uint64 size,bytes32 root,uint64 time)");

    bytes32 private immutable _originHash;
    uint8 private immutable _threshold;
    string private _origin;
    mapping(address account => bool) private _witnesses;

    uint64[] private _sizes;
    mapping(uint64 size => bytes32) private _roots;

    /// @param origin_ Name of the log (C2SP origin).
    /// @param witnesses Addresses of the witnesses' EIP-712 keys, strictly ascending.
    /// @param threshold_ How many of them must sign a checkpoint.
    /// @param domainName EIP-712 domain name: TEST installations have one of their own.
    constructor(
        string memory origin_,
        address[] memory witnesses,
        uint8 threshold_,
        string memory domainName
    ) SaltedEIP712(domainName, sha256(bytes(origin_))) {
        if (threshold_ == 0 || threshold_ > witnesses.length) revert InvalidThreshold(threshold_, witnesses.length);
        address previous = address(0);
        for (uint256 i = 0; i < witnesses.length; ++i) {
            if (witnesses[i] <= previous) revert WitnessesNotAscending(previous, witnesses[i]);
            previous = witnesses[i];
            _witnesses[previous] = true;
        }
        _origin = origin_;
        _originHash = keccak256(bytes(origin_));
        _threshold = threshold_;
    }

    /// @inheritdoc IJudicialAnchor
    function accept(
        uint64 size,
        bytes32 root,
        uint64[] calldata times,
        bytes[] calldata signatures,
        bytes32[] calldata consistency
    ) external {
        if (size == 0 || root == bytes32(0)) revert EmptyCheckpoint(size, root);
        (uint64 latestSize, bytes32 latestRoot) = latest();
        if (size <= latestSize) revert NotNewer(size, latestSize);
        _requireQuorum(size, root, times, signatures);
        // Every tree extends the empty one: the first checkpoint comes with an empty proof.
        if (latestSize == 0) latestRoot = RFC9162.EMPTY_ROOT;
        if (!RFC9162.verifyConsistency(latestSize, size, latestRoot, root, consistency)) {
            revert HistoryRewritten(latestSize, latestRoot, size, root);
        }
        _sizes.push(size);
        _roots[size] = root;
        emit CheckpointAccepted(size, root, latestSize);
    }

    /// @inheritdoc IJudicialAnchor
    function latest() public view returns (uint64 size, bytes32 root) {
        uint256 accepted = _sizes.length;
        if (accepted == 0) return (0, bytes32(0));
        size = _sizes[accepted - 1];
        root = _roots[size];
    }

    /// @inheritdoc IJudicialAnchor
    function rootAt(uint64 size) external view returns (bytes32) {
        return _roots[size];
    }

    /// @inheritdoc IJudicialAnchor
    function count() external view returns (uint256) {
        return _sizes.length;
    }

    /// @inheritdoc IJudicialAnchor
    function sizeAt(uint256 i) external view returns (uint64) {
        return _sizes[i];
    }

    /// @inheritdoc IJudicialAnchor
    function verifyInclusion(
        bytes32 entry,
        uint64 index,
        uint64 size,
        bytes32[] calldata path
    ) external view returns (bool) {
        bytes32 root = _roots[size];
        return root != bytes32(0) && RFC9162.verifyInclusion(RFC9162.leafHash(entry), index, size, path, root);
    }

    /// @inheritdoc IJudicialAnchor
    function checkpointDigest(uint64 size, bytes32 root, uint64 time) external view returns (bytes32) {
        return _checkpointDigest(domainSeparator(), size, root, time);
    }

    /// @inheritdoc IJudicialAnchor
    function origin() external view returns (string memory) {
        return _origin;
    }

    /// @inheritdoc IJudicialAnchor
    function isWitness(address account) external view returns (bool) {
        return _witnesses[account];
    }

    /// @inheritdoc IJudicialAnchor
    function threshold() external view returns (uint8) {
        return _threshold;
    }

    /// @dev Reverts unless enough different witnesses signed exactly this checkpoint.
    function _requireQuorum(
        uint64 size,
        bytes32 root,
        uint64[] calldata times,
        bytes[] calldata signatures
    ) private view {
        if (times.length != signatures.length) revert LengthsDiffer(times.length, signatures.length);
        if (signatures.length < _threshold) revert QuorumMissing(signatures.length, _threshold);
        bytes32 domain = domainSeparator();
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = ECDSA.recover(_checkpointDigest(domain, size, root, times[i]), signatures[i]);
            if (!_witnesses[signer]) revert NotAWitness(signer);
            if (signer <= previous) revert WitnessesNotAscending(previous, signer);
            previous = signer;
        }
    }

    function _checkpointDigest(
        bytes32 domain,
        uint64 size,
        bytes32 root,
        uint64 time
    ) private view returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(CHECKPOINT_TYPEHASH, _originHash, size, root, time));
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }
}
