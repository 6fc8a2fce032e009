// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarningDecisionRegistry} from "../interfaces/IWarningDecisionRegistry.sol";

/// @title EIP-712 struct hashes of the statements about risk warnings
library WarningStatements {
    bytes32 private constant WARNING_STEP =
        keccak256(
            "WarningStep(bytes32 warningId,uint32 sequence,uint8 kind,uint8 grade,uint64 townCode,bytes32 inputHash,bytes32 ruleSetHash,bytes32 prev,uint64 time)"
        );
    bytes32 private constant APPOINT_OFFICER = keccak256("AppointOfficer(address officer)");
    bytes32 private constant DISMISS_OFFICER = keccak256("DismissOfficer(address officer)");

    // Every field is a static type of at most one word, so abi.encode of the struct is EIP-712's encodeData.

    function structHash(IWarningDecisionRegistry.WarningStep memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(WARNING_STEP, s));
    }

    function structHash(IWarningDecisionRegistry.AppointOfficer memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(APPOINT_OFFICER, s));
    }

    function structHash(IWarningDecisionRegistry.DismissOfficer memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(DISMISS_OFFICER, s));
    }
}
