// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarningDecisionRegistry as I} from "../src/interfaces/IWarningDecisionRegistry.sol";
import {Deciding} from "./Deciding.sol";

/// @dev What each step costs; with `forge test --isolate -vvvv` every call is a transaction of its own, cold and with its
///      intrinsic gas, and the events tell the figures of docs/operations/warning-decisions.md.
contract WarningDecisionGasTest is Deciding {
    /// @dev Half of the limit with which the platform sends a step (`chain.warning_calls.STEP_GAS`).
    uint256 private constant BOUND = 600_000;

    event Used(string step, uint256 gas);

    function test_EveryStepFitsTwiceIntoItsGas() external {
        _byRule("first red issue of a month by the rules");
        _decide("confirm", I.Kind.Confirm, 4);
        _close("close");
        _decide("reopen", I.Kind.Reopen, 4);
        _close("close again: its counters exist");
        _decideOf(keccak256("second"), "issue by an officer", I.Kind.Issue, 2);
        _decideOf(keccak256("second"), "raise", I.Kind.Raise, 3);
        _decideOf(keccak256("third"), "a later issue of the month", I.Kind.Issue, 2);
        bytes32 fourth = keccak256("fourth");
        I.WarningStep memory step = nextOf(fourth, I.Kind.Issue, 4);
        warnings.issueByRule(step, signedBy(RULE_KEY, digestOf(step)));
        _decideOf(fourth, "lift", I.Kind.Lift, 4);
    }

    function _byRule(string memory what) private {
        I.WarningStep memory step = next(I.Kind.Issue, 4);
        I.Signature memory by = signedBy(RULE_KEY, digestOf(step));
        uint256 before = gasleft();
        warnings.issueByRule(step, by);
        _used(what, before - gasleft());
    }

    function _decide(string memory what, I.Kind kind, uint8 grade) private {
        _decideOf(WARNING, what, kind, grade);
    }

    function _decideOf(bytes32 id, string memory what, I.Kind kind, uint8 grade) private {
        I.WarningStep memory step = nextOf(id, kind, grade);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        uint256 before = gasleft();
        warnings.decide(step, by);
        _used(what, before - gasleft());
    }

    function _close(string memory what) private {
        I.WarningStep memory step = next(I.Kind.Close, 4);
        I.Signature memory first = signedBy(OFFICER, digestOf(step));
        I.Signature memory second = signedBy(REVIEWER, digestOf(step));
        uint256 before = gasleft();
        warnings.close(step, first, second);
        _used(what, before - gasleft());
    }

    function _used(string memory what, uint256 gas) private {
        emit Used(what, gas);
        require(gas < BOUND, what);
    }
}
