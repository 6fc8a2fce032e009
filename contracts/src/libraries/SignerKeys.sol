// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Hashes by which signers' keys are named
library SignerKeys {
    /// @notice Half of the order of P-256: a signature's s must not be above it.
    uint256 internal constant HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8;

    /// @dev DER of SubjectPublicKeyInfo for an uncompressed P-256 point (RFC 5480), up to the point's coordinates.
    bytes27 private constant SPKI_PREFIX = 0x3059301306072a8648ce3d020106082a8648ce3d03010703420004;

    /// @notice SHA-256 of the 91-byte SubjectPublicKeyInfo of a P-256 key.
    function ofP256(bytes32 qx, bytes32 qy) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(SPKI_PREFIX, qx, qy));
    }

    /// @notice SHA-256 of a wallet's 20 address bytes.
    function ofWallet(address wallet) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(wallet));
    }
}
