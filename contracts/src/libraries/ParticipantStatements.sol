// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";

/// @title EIP-712 struct hashes of the participants' statements
library ParticipantStatements {
    bytes32 private constant REGISTER_ORGANISATION =
        keccak256(
            "RegisterOrganisation(bytes32 orgId,uint64 regionCode,address representative,bytes32 sealKeyHash,uint64 nonce)"
        );
    bytes32 private constant REPLACE_REPRESENTATIVE =
        keccak256("ReplaceRepresentative(bytes32 orgId,address representative,uint64 nonce)");
    bytes32 private constant SET_SEAL_KEY = keccak256("SetSealKey(bytes32 orgId,bytes32 sealKeyHash,uint64 nonce)");
    bytes32 private constant GRANT_AGENT =
        keccak256("GrantAgent(bytes32 orgId,address agent,uint8 scope,uint64 validUntil,uint64 nonce)");
    bytes32 private constant REVOKE_AGENT = keccak256("RevokeAgent(bytes32 orgId,address agent,uint64 nonce)");

    // Every field is a static type of at most one word, so abi.encode of the struct is EIP-712's encodeData.

    function structHash(IParticipantRegistry.RegisterOrganisation calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(REGISTER_ORGANISATION, s));
    }

    function structHash(IParticipantRegistry.ReplaceRepresentative calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(REPLACE_REPRESENTATIVE, s));
    }

    function structHash(IParticipantRegistry.SetSealKey calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(SET_SEAL_KEY, s));
    }

    function structHash(IParticipantRegistry.GrantAgent calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(GRANT_AGENT, s));
    }

    function structHash(IParticipantRegistry.RevokeAgent calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_AGENT, s));
    }
}
