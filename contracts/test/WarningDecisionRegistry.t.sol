// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarningDecisionRegistry as I} from "../src/interfaces/IWarningDecisionRegistry.sol";
import {ContractWallet} from "./LaborContractRegistry.t.sol";
import {Deciding} from "./Deciding.sol";

contract WarningDecisionRegistryTest is Deciding {
    /// @dev 2026-11-22T14:27:27Z.
    uint256 private constant NOVEMBER = 1_795_357_647;

    function test_IssuesWhatAnOfficerSigned() external {
        I.WarningStep memory step = next(I.Kind.Issue, 2);
        bytes32 digest = digestOf(step);
        I.Signature memory by = signedBy(OFFICER, digest);
        vm.expectEmit(true, true, true, true);
        emit I.WarningDecided(
            WARNING,
            TOWN,
            I.Kind.Issue,
            1,
            2,
            INPUT,
            RULES,
            0,
            digest,
            STATED,
            vm.addr(OFFICER),
            address(0),
            false
        );
        warnings.decide(step, by);
        (I.Status status, uint8 grade, uint32 sequence, uint64 town, bytes32 last) = warnings.warning(WARNING);
        equal(uint256(status), uint256(I.Status.Open), "status");
        equal(grade, 2, "grade");
        equal(sequence, 1, "sequence");
        equal(town, TOWN, "town");
        equal(last, digest, "digest");
        I.Record memory record = warnings.record(WARNING, 1);
        equal(record.digest, digest, "recorded digest");
        equal(record.inputHash, INPUT, "input");
        equal(record.ruleSetHash, RULES, "rule set");
        equal(record.decidedBy, vm.addr(OFFICER), "officer");
        equal(record.reviewedBy, address(0), "nobody reviewed");
        equal(record.time, STATED, "time");
        equal(uint256(record.kind), uint256(I.Kind.Issue), "kind");
        equal(record.grade, 2, "recorded grade");
        isTrue(!record.automatic, "a person decided");
    }

    function test_DigestsAreEIP712s() external view {
        I.WarningStep memory step = next(I.Kind.Issue, 3);
        equal(warnings.stepDigest(step), digestOf(step), "step");
        equal(address(warnings.participants()), address(participants), "participants");
    }

    function test_ARuleIssuesRedAndAPersonConfirms() external {
        issueByRule();
        stands(I.Status.Unconfirmed, 4, 1);
        isTrue(warnings.record(WARNING, 1).automatic, "no person decided");
        equal(warnings.record(WARNING, 1).decidedBy, vm.addr(RULE_KEY), "the rule run's key");
        decide(I.Kind.Confirm, 4);
        stands(I.Status.Open, 4, 2);
        isTrue(!warnings.record(WARNING, 2).automatic, "a person confirmed");
    }

    function test_APersonLiftsWhatTheRulesIssuedAndItIsReopenedAsRed() external {
        issueByRule();
        decide(I.Kind.Lift, 4);
        stands(I.Status.Lifted, 4, 2);
        decide(I.Kind.Reopen, 4);
        stands(I.Status.Open, 4, 3);
    }

    function test_TheWholeLife() external {
        decide(I.Kind.Issue, 1);
        decide(I.Kind.Raise, 2);
        closeIt(2);
        stands(I.Status.Closed, 2, 3);
        equal(warnings.record(WARNING, 3).decidedBy, vm.addr(OFFICER), "who closed");
        equal(warnings.record(WARNING, 3).reviewedBy, vm.addr(REVIEWER), "who reviewed");
        decide(I.Kind.Reopen, 3);
        decide(I.Kind.Raise, 4);
        closeIt(4);
        decide(I.Kind.Reopen, 4);
        stands(I.Status.Open, 4, 7);
        equal(uint256(warnings.record(WARNING, 1).kind), uint256(I.Kind.Issue), "the first step stands");
        equal(warnings.record(WARNING, 2).grade, 2, "the second step stands");
    }

    function test_AContractWalletDecides() external {
        address wallet = address(new ContractWallet(vm.addr(STRANGER)));
        I.Signature memory by = signedBy(REGISTRAR, appointment(wallet));
        warnings.appointOfficer(I.AppointOfficer(wallet), by);
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        warnings.decide(step, I.Signature(wallet, signed(STRANGER, digestOf(step))));
        stands(I.Status.Open, 1, 1);
    }

    function test_AnySenderBrings() external {
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        vm.prank(address(0xBEEF));
        warnings.decide(step, by);
        stands(I.Status.Open, 1, 1);
    }

    function test_StepsAreCountedByGradeInFourSlots() external {
        vm.warp(NOVEMBER);
        decide(I.Kind.Issue, 3);
        issueAnother("second", 3);
        issueAnother("third", 4);
        closeIt(3);
        tally(I.Kind.Issue, 0, 0, 2, 1);
        tally(I.Kind.Issue, 0, 202611, 2, 1);
        tally(I.Kind.Issue, TOWN, 0, 2, 1);
        tally(I.Kind.Issue, TOWN, 202611, 2, 1);
        tally(I.Kind.Issue, TOWN, 202612, 0, 0);
        tally(I.Kind.Issue, TOWN + 1, 0, 0, 0);
        tally(I.Kind.Close, 0, 0, 1, 0);
    }

    function test_ARefusedStepIsNotCounted() external {
        decide(I.Kind.Issue, 3);
        refused(
            next(I.Kind.Issue, 3),
            abi.encodeWithSelector(I.StepNotAllowed.selector, WARNING, I.Status.Open, I.Kind.Issue)
        );
        tally(I.Kind.Issue, 0, 0, 1, 0);
    }

    function test_ASoleTradersWarningBearsSixDigits() external {
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        step.townCode = 500107;
        warnings.decide(step, signedBy(OFFICER, digestOf(step)));
        (, , , uint64 town, ) = warnings.warning(WARNING);
        equal(town, 500107, "code");
    }

    function test_TheAccountChangesRuleKeysAfterTheDelay() external {
        bytes memory change = abi.encodeCall(I.revokeRuleKey, (vm.addr(RULE_KEY)));
        governedCall(change);
        equal(uint256(warnings.ruleKeyStatus(vm.addr(RULE_KEY))), uint256(I.KeyStatus.Revoked), "revoked");
        governedCall(abi.encodeCall(I.authoriseRuleKey, (vm.addr(STRANGER))));
        I.WarningStep memory step = next(I.Kind.Issue, 4);
        warnings.issueByRule(step, signedBy(STRANGER, digestOf(step)));
        stands(I.Status.Unconfirmed, 4, 1);
    }

    function testFuzz_AnyChangeVoidsTheSignature(uint8 field, bytes32 value) external {
        I.WarningStep memory signedStep = next(I.Kind.Issue, 2);
        I.Signature memory by = signedBy(OFFICER, digestOf(signedStep));
        I.WarningStep memory step = next(I.Kind.Issue, 2);
        field = field % 7;
        if (field == 0) step.warningId = value;
        else if (field == 1) step.sequence = uint32(uint256(value));
        else if (field == 2) step.grade = uint8(uint256(value));
        else if (field == 3) step.townCode = uint64(uint256(value));
        else if (field == 4) step.inputHash = value;
        else if (field == 5) step.ruleSetHash = value;
        else step.time = uint64(uint256(value));
        bytes32 digest = digestOf(step);
        vm.assume(digest != digestOf(signedStep));
        vm.expectRevert(
            abi.encodeWithSelector(I.InvalidStatementSignature.selector, vm.addr(OFFICER), digest)
        );
        warnings.decide(step, by);
    }

    function governedCall(bytes memory change) private {
        bytes memory planned = abi.encodeCall(manager.schedule, (address(warnings), change, 0));
        account.execute(address(manager), planned, governed(two(keys[0], keys[1]), address(manager), planned));
        vm.warp(block.timestamp + DELAY);
        bytes memory done = abi.encodeCall(manager.execute, (address(warnings), change));
        account.execute(address(manager), done, governed(two(keys[1], keys[2]), address(manager), done));
    }

    function issueAnother(string memory name, uint8 grade) private {
        I.WarningStep memory step = nextOf(keccak256(bytes(name)), I.Kind.Issue, grade);
        warnings.decide(step, signedBy(OFFICER, digestOf(step)));
    }

    function tally(I.Kind kind, uint64 town, uint32 month, uint64 orange, uint64 red) private view {
        I.Tally memory found = warnings.counted(kind, town, month);
        equal(found.blue, 0, "blue");
        equal(found.yellow, 0, "yellow");
        equal(found.orange, orange, "orange");
        equal(found.red, red, "red");
    }
}
