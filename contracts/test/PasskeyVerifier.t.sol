// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {PasskeyVerifier} from "../src/PasskeyVerifier.sol";
import {Checks} from "./Vm.sol";

contract PasskeyVerifierTest is Checks {
    uint256 private constant PASSKEY = 0x5151;
    bytes32 private constant CONSENT = keccak256("consent");
    bytes32 private constant KEY = keccak256("key");
    bytes32 private constant NONCE = keccak256("nonce");

    PasskeyVerifier private verifier = new PasskeyVerifier();

    function assertion(bytes1 flags, bytes32 challenge) private pure returns (WebAuthn.WebAuthnAuth memory auth) {
        auth.authenticatorData = abi.encodePacked(sha256("localhost"), flags, uint32(0));
        auth.clientDataJSON = string.concat(
            '{"type":"webauthn.get","challenge":"',
            Base64.encodeURL(abi.encodePacked(challenge)),
            '","origin":"http://localhost","crossOrigin":false}'
        );
        auth.typeIndex = 1;
        auth.challengeIndex = 23;
        (auth.r, auth.s) = signedP256(
            PASSKEY,
            sha256(abi.encodePacked(auth.authenticatorData, sha256(bytes(auth.clientDataJSON))))
        );
    }

    function verify(WebAuthn.WebAuthnAuth memory auth) private view returns (bool) {
        (uint256 x, uint256 y) = vm.publicKeyP256(PASSKEY);
        return verifier.verify(CONSENT, KEY, NONCE, auth, bytes32(x), bytes32(y));
    }

    function test_AcceptsTheAssertionOverThisConsentAndKey() external view {
        bytes32 challenge = sha256(abi.encodePacked("concord-wa-v1", CONSENT, KEY, NONCE));
        equal(verifier.challenge(CONSENT, KEY, NONCE), challenge, "challenge");
        isTrue(verify(assertion(0x05, challenge)), "user present and verified");
    }

    function test_RefusesAnotherChallengeKeyOrAnUnverifiedUser() external view {
        bytes32 challenge = verifier.challenge(CONSENT, KEY, NONCE);
        isTrue(!verify(assertion(0x05, verifier.challenge(CONSENT, KEY, 0))), "another nonce");
        isTrue(!verify(assertion(0x05, verifier.challenge(CONSENT, 0, NONCE))), "another key");
        isTrue(!verify(assertion(0x05, verifier.challenge(0, KEY, NONCE))), "another consent");
        isTrue(!verify(assertion(0x01, challenge)), "user not verified");
        WebAuthn.WebAuthnAuth memory auth = assertion(0x05, challenge);
        auth.s = bytes32(P256_ORDER - uint256(auth.s));
        isTrue(!verify(auth), "high s");
        (uint256 x, uint256 y) = vm.publicKeyP256(0x5252);
        auth = assertion(0x05, challenge);
        isTrue(!verifier.verify(CONSENT, KEY, NONCE, auth, bytes32(x), bytes32(y)), "another passkey");
    }
}
