// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WarningDecisionRegistry} from "../src/WarningDecisionRegistry.sol";
import {IWarningDecisionRegistry as I} from "../src/interfaces/IWarningDecisionRegistry.sol";
import {Installation} from "./Installation.sol";

/// @dev An installation with two officers, a key of the rule run, and a warning's next step ready to be signed.
abstract contract Deciding is Installation {
    uint256 internal constant OFFICER = 0xF1;
    uint256 internal constant REVIEWER = 0xF2;
    uint256 internal constant STRANGER = 0xF3;
    uint256 internal constant RULE_KEY = 0xF4;
    bytes32 internal constant WARNING = keccak256("salted warning id");
    bytes32 internal constant INPUT = keccak256("input snapshot");
    bytes32 internal constant RULES = keccak256("rule set");
    uint64 internal constant TOWN = 500107001;
    uint64 internal constant STATED = 1_795_000_000;

    WarningDecisionRegistry internal warnings;

    function setUp() public virtual {
        install();
        address[] memory ruleKeys = new address[](1);
        ruleKeys[0] = vm.addr(RULE_KEY);
        warnings = new WarningDecisionRegistry(participants, address(manager), DOMAIN, SALT, ruleKeys);
        appoint(OFFICER);
        appoint(REVIEWER);
    }

    function appointment(address officer) internal view returns (bytes32) {
        return
            digestIn(
                warnings.domainSeparator(),
                keccak256(abi.encode(keccak256("AppointOfficer(address officer)"), officer))
            );
    }

    function dismissal(address officer) internal view returns (bytes32) {
        return
            digestIn(
                warnings.domainSeparator(),
                keccak256(abi.encode(keccak256("DismissOfficer(address officer)"), officer))
            );
    }

    function appoint(uint256 key) internal {
        I.Signature memory by = signedBy(REGISTRAR, appointment(vm.addr(key)));
        warnings.appointOfficer(I.AppointOfficer(vm.addr(key)), by);
    }

    function dismiss(uint256 key) internal {
        I.Signature memory by = signedBy(REGISTRAR, dismissal(vm.addr(key)));
        warnings.dismissOfficer(I.DismissOfficer(vm.addr(key)), by);
    }

    function signedBy(uint256 key, bytes32 digest) internal pure returns (I.Signature memory) {
        return I.Signature(vm.addr(key), signed(key, digest));
    }

    /// @dev The warning's next step of a kind, on its last one.
    function next(I.Kind kind, uint8 grade) internal view returns (I.WarningStep memory) {
        return nextOf(WARNING, kind, grade);
    }

    function nextOf(bytes32 id, I.Kind kind, uint8 grade) internal view returns (I.WarningStep memory) {
        (, , uint32 sequence, , bytes32 prev) = warnings.warning(id);
        return I.WarningStep(id, sequence + 1, kind, grade, TOWN, INPUT, RULES, prev, STATED + sequence);
    }

    /// @dev EIP-712 digest of a step, computed apart from the contract.
    function digestOf(I.WarningStep memory s) internal view returns (bytes32) {
        bytes32 kind = keccak256(
            "WarningStep(bytes32 warningId,uint32 sequence,uint8 kind,uint8 grade,uint64 townCode,bytes32 inputHash,bytes32 ruleSetHash,bytes32 prev,uint64 time)"
        );
        bytes memory head = abi.encode(kind, s.warningId, s.sequence, uint8(s.kind), s.grade, s.townCode);
        bytes memory tail = abi.encode(s.inputHash, s.ruleSetHash, s.prev, s.time);
        return digestIn(warnings.domainSeparator(), keccak256(bytes.concat(head, tail)));
    }

    function decide(I.Kind kind, uint8 grade) internal {
        I.WarningStep memory step = next(kind, grade);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        warnings.decide(step, by);
    }

    function issueByRule() internal {
        I.WarningStep memory step = next(I.Kind.Issue, 4);
        I.Signature memory by = signedBy(RULE_KEY, digestOf(step));
        warnings.issueByRule(step, by);
    }

    function closeIt(uint8 grade) internal {
        I.WarningStep memory step = next(I.Kind.Close, grade);
        I.Signature memory first = signedBy(OFFICER, digestOf(step));
        I.Signature memory second = signedBy(REVIEWER, digestOf(step));
        warnings.close(step, first, second);
    }

    /// @dev The officer's signature over `step` is right, and the step is refused all the same.
    function refused(I.WarningStep memory step, bytes memory reason) internal {
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        vm.expectRevert(reason);
        warnings.decide(step, by);
    }

    function stands(I.Status status, uint8 grade, uint32 sequence) internal view {
        (I.Status found, uint8 shown, uint32 last, , ) = warnings.warning(WARNING);
        equal(uint256(found), uint256(status), "status");
        equal(shown, grade, "grade");
        equal(last, sequence, "sequence");
    }
}
