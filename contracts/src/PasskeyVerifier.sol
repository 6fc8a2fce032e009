// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {IPasskeyVerifier} from "./interfaces/IPasskeyVerifier.sol";

/// @title Check of a worker's passkey assertion, see {IPasskeyVerifier}
contract PasskeyVerifier is IPasskeyVerifier {
    /// @inheritdoc IPasskeyVerifier
    function challenge(
        bytes32 consentDigest,
        bytes32 keyHash,
        bytes32 serverNonce
    ) public pure returns (bytes32) {
        return sha256(abi.encodePacked("concord-wa-v1", consentDigest, keyHash, serverNonce));
    }

    /// @inheritdoc IPasskeyVerifier
    function verify(
        bytes32 consentDigest,
        bytes32 keyHash,
        bytes32 serverNonce,
        WebAuthn.WebAuthnAuth calldata assertion,
        bytes32 qx,
        bytes32 qy
    ) external view returns (bool) {
        bytes32 expected = challenge(consentDigest, keyHash, serverNonce);
        return WebAuthn.verify(abi.encodePacked(expected), assertion, qx, qy);
    }
}
