// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {WarningDecisionRegistry} from "../src/WarningDecisionRegistry.sol";
import {IWarningDecisionRegistry as I} from "../src/interfaces/IWarningDecisionRegistry.sol";
import {Deciding} from "./Deciding.sol";

/// @dev Everything that must not be recorded, each with the error that says why.
contract WarningDecisionRefusalsTest is Deciding {
    function test_AStrangerDecidesNothing() external {
        I.WarningStep memory step = next(I.Kind.Issue, 4);
        I.Signature memory by = signedBy(STRANGER, digestOf(step));
        vm.expectRevert(abi.encodeWithSelector(I.UnknownOfficer.selector, vm.addr(STRANGER)));
        warnings.decide(step, by);
    }

    function test_ARuleKeyIssuesRedAndNothingElse() external {
        I.WarningStep memory step = next(I.Kind.Issue, 3);
        I.Signature memory by = signedBy(RULE_KEY, digestOf(step));
        vm.expectRevert(abi.encodeWithSelector(I.OnlyRed.selector, 3));
        warnings.issueByRule(step, by);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownOfficer.selector, vm.addr(RULE_KEY)));
        warnings.decide(step, by);
        issueByRule();
        for (uint256 kind = uint256(I.Kind.Raise); kind <= uint256(I.Kind.Reopen); ++kind) {
            step = next(I.Kind(kind), 4);
            by = signedBy(RULE_KEY, digestOf(step));
            vm.expectRevert(abi.encodeWithSelector(I.WrongKind.selector, I.Kind(kind)));
            warnings.issueByRule(step, by);
        }
        stands(I.Status.Unconfirmed, 4, 1);
    }

    function test_AnOfficerIsNoRuleKey() external {
        I.WarningStep memory step = next(I.Kind.Issue, 4);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        vm.expectRevert(abi.encodeWithSelector(I.UnknownRuleKey.selector, vm.addr(OFFICER)));
        warnings.issueByRule(step, by);
    }

    function test_AnotherStepThanTheSignedOne() external {
        I.WarningStep memory step = next(I.Kind.Issue, 2);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        step.grade = 1;
        vm.expectRevert(
            abi.encodeWithSelector(I.InvalidStatementSignature.selector, vm.addr(OFFICER), digestOf(step))
        );
        warnings.decide(step, by);
    }

    function test_AnotherInstallationsSignature() external {
        I.WarningStep memory step = next(I.Kind.Issue, 2);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        address[] memory none = new address[](0);
        warnings = new WarningDecisionRegistry(participants, address(manager), DOMAIN, keccak256("other"), none);
        appoint(OFFICER);
        vm.expectRevert(
            abi.encodeWithSelector(I.InvalidStatementSignature.selector, vm.addr(OFFICER), digestOf(step))
        );
        warnings.decide(step, by);
    }

    function test_NoStepTwiceAndNoneLeftOut() external {
        I.WarningStep memory first = next(I.Kind.Issue, 1);
        I.WarningStep memory later = next(I.Kind.Issue, 1);
        later.sequence = 2;
        refused(later, abi.encodeWithSelector(I.SequenceMismatch.selector, WARNING, 2, 1));
        decide(I.Kind.Issue, 1);
        refused(first, abi.encodeWithSelector(I.SequenceMismatch.selector, WARNING, 1, 2));
    }

    function test_AnotherPast() external {
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        step.prev = keccak256("another past");
        refused(step, abi.encodeWithSelector(I.PreviousMismatch.selector, WARNING, step.prev, bytes32(0)));
        decide(I.Kind.Issue, 1);
        bytes32 last = warnings.record(WARNING, 1).digest;
        step = next(I.Kind.Raise, 2);
        step.prev = 0;
        refused(step, abi.encodeWithSelector(I.PreviousMismatch.selector, WARNING, bytes32(0), last));
    }

    function test_ZerosAreNoIdentifiers() external {
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        step.inputHash = 0;
        refused(step, abi.encodeWithSelector(I.ZeroIdentifier.selector));
        step = next(I.Kind.Issue, 1);
        step.ruleSetHash = 0;
        refused(step, abi.encodeWithSelector(I.ZeroIdentifier.selector));
        step = nextOf(0, I.Kind.Issue, 1);
        refused(step, abi.encodeWithSelector(I.ZeroIdentifier.selector));
    }

    function test_GradesAndCodesOutsideTheirRange() external {
        I.WarningStep memory step = next(I.Kind.Issue, 0);
        refused(step, abi.encodeWithSelector(I.InvalidGrade.selector, 0));
        step = next(I.Kind.Issue, 5);
        refused(step, abi.encodeWithSelector(I.InvalidGrade.selector, 5));
        uint64[5] memory codes = [uint64(0), 99_999, 1_000_000, 99_999_999, 1_000_000_000];
        for (uint256 i = 0; i < codes.length; ++i) {
            step = next(I.Kind.Issue, 1);
            step.townCode = codes[i];
            refused(step, abi.encodeWithSelector(I.InvalidTownCode.selector, codes[i]));
        }
    }

    function test_AWarningKeepsItsTown() external {
        decide(I.Kind.Issue, 1);
        I.WarningStep memory step = next(I.Kind.Raise, 2);
        step.townCode = TOWN + 1;
        refused(step, abi.encodeWithSelector(I.TownMismatch.selector, WARNING, TOWN + 1, TOWN));
    }

    function test_ARiseGoesUp() external {
        decide(I.Kind.Issue, 2);
        refused(next(I.Kind.Raise, 2), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 2, 3, 4));
        refused(next(I.Kind.Raise, 1), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 1, 3, 4));
        decide(I.Kind.Raise, 4);
        refused(next(I.Kind.Raise, 4), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 4, 5, 4));
    }

    function test_ReopeningGoesExactlyOneUp() external {
        decide(I.Kind.Issue, 2);
        closeIt(2);
        refused(next(I.Kind.Reopen, 2), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 2, 3, 3));
        refused(next(I.Kind.Reopen, 4), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 4, 3, 3));
        decide(I.Kind.Reopen, 3);
    }

    function test_OtherStepsKeepTheGrade() external {
        issueByRule();
        refused(next(I.Kind.Confirm, 3), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 3, 4, 4));
        refused(next(I.Kind.Lift, 1), abi.encodeWithSelector(I.GradeNotAllowed.selector, WARNING, 1, 4, 4));
    }

    function test_UnconfirmedCanOnlyBeConfirmedOrLifted() external {
        issueByRule();
        mustNot(I.Status.Unconfirmed, I.Kind.Issue);
        mustNot(I.Status.Unconfirmed, I.Kind.Raise);
        mustNot(I.Status.Unconfirmed, I.Kind.Reopen);
        closeRefused(I.Status.Unconfirmed);
    }

    function test_OpenIsNeitherConfirmedNorLiftedNorReopened() external {
        decide(I.Kind.Issue, 4);
        mustNot(I.Status.Open, I.Kind.Confirm);
        mustNot(I.Status.Open, I.Kind.Lift);
        mustNot(I.Status.Open, I.Kind.Reopen);
        mustNot(I.Status.Open, I.Kind.None);
    }

    function test_WhatEndedCanOnlyBeReopened() external {
        decide(I.Kind.Issue, 4);
        closeIt(4);
        for (uint256 kind = uint256(I.Kind.Issue); kind <= uint256(I.Kind.Lift); ++kind) {
            mustNot(I.Status.Closed, I.Kind(kind));
        }
        closeRefused(I.Status.Closed);
    }

    function test_NothingBeginsWithAnotherStep() external {
        for (uint256 kind = uint256(I.Kind.Raise); kind <= uint256(I.Kind.Reopen); ++kind) {
            if (I.Kind(kind) != I.Kind.Close) mustNot(I.Status.None, I.Kind(kind));
        }
        closeRefused(I.Status.None);
    }

    function test_ClosingNeedsTwoPersons() external {
        decide(I.Kind.Issue, 1);
        I.WarningStep memory step = next(I.Kind.Close, 1);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        I.Signature memory stranger = signedBy(STRANGER, digestOf(step));
        vm.expectRevert(abi.encodeWithSelector(I.SecondPersonNeeded.selector, vm.addr(OFFICER)));
        warnings.close(step, by, by);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownOfficer.selector, vm.addr(STRANGER)));
        warnings.close(step, by, stranger);
        vm.expectRevert(abi.encodeWithSelector(I.UnknownOfficer.selector, vm.addr(STRANGER)));
        warnings.close(step, stranger, by);
        vm.expectRevert(abi.encodeWithSelector(I.WrongKind.selector, I.Kind.Close));
        warnings.decide(step, by);
        step = next(I.Kind.Raise, 2);
        by = signedBy(OFFICER, digestOf(step));
        I.Signature memory second = signedBy(REVIEWER, digestOf(step));
        vm.expectRevert(abi.encodeWithSelector(I.WrongKind.selector, I.Kind.Raise));
        warnings.close(step, by, second);
        stands(I.Status.Open, 1, 1);
    }

    function test_ADismissedOfficerDecidesNothingAndStaysDismissed() external {
        dismiss(OFFICER);
        I.WarningStep memory step = next(I.Kind.Issue, 1);
        refused(step, abi.encodeWithSelector(I.UnknownOfficer.selector, vm.addr(OFFICER)));
        I.Signature memory by = signedBy(REGISTRAR, appointment(vm.addr(OFFICER)));
        vm.expectRevert(conflictOf(vm.addr(OFFICER), I.KeyStatus.Revoked, I.KeyStatus.None));
        warnings.appointOfficer(I.AppointOfficer(vm.addr(OFFICER)), by);
        by = signedBy(REGISTRAR, dismissal(vm.addr(OFFICER)));
        vm.expectRevert(conflictOf(vm.addr(OFFICER), I.KeyStatus.Revoked, I.KeyStatus.None));
        warnings.dismissOfficer(I.DismissOfficer(vm.addr(OFFICER)), by);
    }

    function test_OnlyARegistrarAppoints() external {
        address stranger = vm.addr(STRANGER);
        I.Signature memory by = signedBy(OFFICER, appointment(stranger));
        vm.expectRevert(abi.encodeWithSelector(I.UnknownRegistrar.selector, vm.addr(OFFICER)));
        warnings.appointOfficer(I.AppointOfficer(stranger), by);
        by = I.Signature(vm.addr(REGISTRAR), signed(OFFICER, appointment(stranger)));
        vm.expectRevert(
            abi.encodeWithSelector(
                I.InvalidStatementSignature.selector,
                vm.addr(REGISTRAR),
                appointment(stranger)
            )
        );
        warnings.appointOfficer(I.AppointOfficer(stranger), by);
        by = signedBy(REGISTRAR, appointment(stranger)); // an appointment is no dismissal
        vm.expectRevert(
            abi.encodeWithSelector(
                I.InvalidStatementSignature.selector,
                vm.addr(REGISTRAR),
                dismissal(stranger)
            )
        );
        warnings.dismissOfficer(I.DismissOfficer(stranger), by);
        by = signedBy(REGISTRAR, appointment(address(0)));
        vm.expectRevert(abi.encodeWithSelector(I.ZeroIdentifier.selector));
        warnings.appointOfficer(I.AppointOfficer(address(0)), by);
    }

    function test_AKeyIsAPersonsOrAMachines() external {
        address ruleKey = vm.addr(RULE_KEY);
        I.Signature memory by = signedBy(REGISTRAR, appointment(ruleKey));
        vm.expectRevert(conflictOf(ruleKey, I.KeyStatus.None, I.KeyStatus.Active));
        warnings.appointOfficer(I.AppointOfficer(ruleKey), by);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (ruleKey, ruleKey);
        vm.expectRevert(conflictOf(ruleKey, I.KeyStatus.None, I.KeyStatus.Active));
        new WarningDecisionRegistry(participants, address(manager), DOMAIN, SALT, twice);
    }

    function test_RuleKeysAreTheAccountsBusiness() external {
        bytes memory refusal = abi.encodeWithSelector(
            IAccessManaged.AccessManagedUnauthorized.selector,
            address(this)
        );
        vm.expectRevert(refusal);
        warnings.authoriseRuleKey(vm.addr(STRANGER));
        vm.expectRevert(refusal);
        warnings.revokeRuleKey(vm.addr(RULE_KEY));
    }

    function testFuzz_NobodyElsesSignature(uint256 key, uint8 grade) external {
        key = 1 + (key % (P256_ORDER >> 1));
        vm.assume(key != OFFICER && key != REVIEWER);
        I.WarningStep memory step = next(I.Kind.Issue, 1 + (grade % 4));
        I.Signature memory by = I.Signature(vm.addr(OFFICER), signed(key, digestOf(step)));
        vm.expectRevert(
            abi.encodeWithSelector(I.InvalidStatementSignature.selector, vm.addr(OFFICER), digestOf(step))
        );
        warnings.decide(step, by);
    }

    function mustNot(I.Status status, I.Kind kind) private {
        (, uint8 grade, , , ) = warnings.warning(WARNING);
        I.WarningStep memory step = next(kind, grade == 0 ? 1 : grade);
        refused(step, abi.encodeWithSelector(I.StepNotAllowed.selector, WARNING, status, kind));
    }

    function closeRefused(I.Status status) private {
        (, uint8 grade, , , ) = warnings.warning(WARNING);
        I.WarningStep memory step = next(I.Kind.Close, grade == 0 ? 1 : grade);
        I.Signature memory first = signedBy(OFFICER, digestOf(step));
        I.Signature memory second = signedBy(REVIEWER, digestOf(step));
        vm.expectRevert(
            abi.encodeWithSelector(I.StepNotAllowed.selector, WARNING, status, I.Kind.Close)
        );
        warnings.close(step, first, second);
    }

    function conflictOf(
        address key,
        I.KeyStatus officer,
        I.KeyStatus ruleKey
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(I.KeyStatusConflict.selector, key, officer, ruleKey);
    }
}
