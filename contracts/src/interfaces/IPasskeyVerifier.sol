// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

/// @title Check of the passkey assertion by which a worker authorised one signature
/// @notice Anyone can ask, without a transaction: an assertion never becomes part of the chain.
/// @dev Neither origin nor rpIdHash is judged here; the evidence verifier does that from the same bytes.
interface IPasskeyVerifier {
    /// @notice The bytes that the passkey was asked to sign.
    /// @param consentDigest EIP-712 digest of the worker's Consent.
    /// @param keyHash SHA-256 of the SubjectPublicKeyInfo of the one-time key.
    /// @param serverNonce Random bytes chosen by the server for this attempt.
    function challenge(
        bytes32 consentDigest,
        bytes32 keyHash,
        bytes32 serverNonce
    ) external pure returns (bytes32);

    /// @notice Whether the assertion is by the passkey (qx, qy), with user verification, over that challenge.
    function verify(
        bytes32 consentDigest,
        bytes32 keyHash,
        bytes32 serverNonce,
        WebAuthn.WebAuthnAuth calldata assertion,
        bytes32 qx,
        bytes32 qy
    ) external view returns (bool);
}
