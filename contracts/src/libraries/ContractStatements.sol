// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILaborContractRegistry} from "../interfaces/ILaborContractRegistry.sol";

/// @title EIP-712 struct hashes of the statements about a labour contract
library ContractStatements {
    bytes32 private constant CONSENT =
        keccak256(
            "Consent(bytes32 commitment,bytes32 contractId,uint32 version,bytes32 prev,uint8 role,bytes32 signerKeyHash,uint64 expiry)"
        );
    bytes32 private constant ATTESTATION =
        keccak256(
            "Attestation(bytes32 commitment,bytes32 contractId,bytes32 signerKeyHash,bytes32 subject,uint8 level,bytes32 checkDigest,uint64 time)"
        );
    bytes32 private constant IDENTITY_CHECK =
        keccak256("IdentityCheck(bytes32 commitment,bytes32 subject,uint16 factors,uint8 level,uint64 time)");

    // Every field is a static type of at most one word, so abi.encode of the struct is EIP-712's encodeData.

    function structHash(ILaborContractRegistry.Consent memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(CONSENT, s));
    }

    function structHash(ILaborContractRegistry.Attestation memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(ATTESTATION, s));
    }

    function structHash(ILaborContractRegistry.IdentityCheck memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(IDENTITY_CHECK, s));
    }
}
