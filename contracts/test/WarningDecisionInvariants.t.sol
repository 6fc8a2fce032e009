// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarningDecisionRegistry as I} from "../src/interfaces/IWarningDecisionRegistry.sol";
import {Deciding} from "./Deciding.sol";

/// @dev Takes steps of three warnings, lawful and not, by any signer and sender, and remembers what was recorded first.
contract Decider is Deciding {
    struct Seen {
        bytes32 warningId;
        uint32 sequence;
        bytes32 recordHash;
    }

    Seen[] public seen;

    /// @dev Set once something was recorded that must not be.
    bool public unlawful;

    constructor() {
        setUp();
    }

    function count() external view returns (uint256) {
        return seen.length;
    }

    function recordHash(bytes32 id, uint32 sequence) public view returns (bytes32) {
        return keccak256(abi.encode(warnings.record(id, sequence)));
    }

    function recordOf(bytes32 id, uint32 sequence) external view returns (I.Record memory) {
        return warnings.record(id, sequence);
    }

    function standing(uint8 which) external view returns (bytes32 id, I.Status status, uint8 grade, uint32 last) {
        id = idOf(which);
        (status, grade, last, , ) = warnings.warning(id);
    }

    function issued(I.Kind kind) external view returns (uint256) {
        I.Tally memory found = warnings.counted(kind, 0, 0);
        return uint256(found.blue) + found.yellow + found.orange + found.red;
    }

    function byOfficer(uint8 which, uint8 kind, uint8 grade, address sender) external {
        I.WarningStep memory step = nextOf(idOf(which), I.Kind(1 + (kind % 6)), 1 + (grade % 4));
        if (step.kind == I.Kind.Close) return;
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        vm.prank(sender);
        warnings.decide(step, by);
        _remember(step);
    }

    function byRule(uint8 which, uint8 grade, address sender) external {
        I.WarningStep memory step = nextOf(idOf(which), I.Kind.Issue, 1 + (grade % 4));
        I.Signature memory by = signedBy(RULE_KEY, digestOf(step));
        vm.prank(sender);
        warnings.issueByRule(step, by);
        if (step.grade != 4) unlawful = true;
        _remember(step);
    }

    /// @dev Whatever the rule run's key signs: as its own, as an officer's, as one of two persons'.
    function ruleKeyOverreaches(uint8 which, uint8 kind, uint8 grade, uint8 way) external {
        I.WarningStep memory step = nextOf(idOf(which), I.Kind(1 + (kind % 6)), 1 + (grade % 4));
        I.Signature memory by = signedBy(RULE_KEY, digestOf(step));
        bool lawful = step.kind == I.Kind.Issue && step.grade == 4 && step.sequence == 1;
        if (way % 3 == 0 && !lawful) {
            try warnings.issueByRule(step, by) {
                unlawful = true;
            } catch {}
        } else if (way % 3 == 1) {
            try warnings.decide(step, by) {
                unlawful = true;
            } catch {}
        } else {
            I.Signature memory officer = signedBy(OFFICER, digestOf(step));
            try warnings.close(step, officer, by) {
                unlawful = true;
            } catch {}
            try warnings.close(step, by, officer) {
                unlawful = true;
            } catch {}
        }
    }

    /// @dev What the rules issue must bear the rule run's key: an officer cannot pass his own issue off as theirs.
    function officerAsRule(uint8 which) external {
        I.WarningStep memory step = nextOf(idOf(which), I.Kind.Issue, 4);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        try warnings.issueByRule(step, by) {
            unlawful = true;
        } catch {}
    }

    function byTwo(uint8 which, address sender) external {
        bytes32 id = idOf(which);
        (, uint8 grade, , , ) = warnings.warning(id);
        I.WarningStep memory step = nextOf(id, I.Kind.Close, grade);
        I.Signature memory first = signedBy(OFFICER, digestOf(step));
        I.Signature memory second = signedBy(REVIEWER, digestOf(step));
        vm.prank(sender);
        warnings.close(step, first, second);
        _remember(step);
    }

    function closeAlone(uint8 which) external {
        bytes32 id = idOf(which);
        (, uint8 grade, , , ) = warnings.warning(id);
        I.WarningStep memory step = nextOf(id, I.Kind.Close, grade);
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        try warnings.close(step, by, by) {
            unlawful = true; // kept, not reverted: a revert of this call would undo what it has found
        } catch {}
    }

    function again(uint8 which, uint8 back) external {
        bytes32 id = idOf(which);
        I.WarningStep memory step = nextOf(id, I.Kind.Raise, 4);
        step.sequence -= uint32(1 + (back % 3)) % step.sequence;
        (, , uint32 last, , ) = warnings.warning(id);
        if (step.sequence > last) return;
        I.Signature memory by = signedBy(OFFICER, digestOf(step));
        try warnings.decide(step, by) {
            unlawful = true;
        } catch {}
    }

    function idOf(uint8 which) public pure returns (bytes32) {
        return keccak256(abi.encode("warning", which % 3));
    }

    function _remember(I.WarningStep memory step) private {
        seen.push(Seen(step.warningId, step.sequence, recordHash(step.warningId, step.sequence)));
    }
}

contract WarningDecisionInvariants {
    Decider private _decider;

    function setUp() external {
        _decider = new Decider();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_decider);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(_decider);
        excluded[0].selectors = new bytes4[](1);
        excluded[0].selectors[0] = Deciding.setUp.selector;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function invariant_NothingUnlawfulIsRecorded() external view {
        require(!_decider.unlawful(), "recorded what must not be recorded");
    }

    function invariant_WhatWasRecordedStands() external view {
        for (uint256 i = 0; i < _decider.count(); ++i) {
            (bytes32 id, uint32 sequence, bytes32 hash) = _decider.seen(i);
            require(_decider.recordHash(id, sequence) == hash, "a record changed");
        }
    }

    function invariant_EveryStepCountsOnce() external view {
        uint256 all = 0;
        for (uint256 kind = 1; kind <= 6; ++kind) all += _decider.issued(I.Kind(kind));
        require(all == _decider.count(), "steps and counters differ");
    }

    /// @dev Read from the records alone: grades go up only by a rise or a reopening, a close has two persons, and a
    ///      warning that the rules issued was looked at by a person before anything else happened to it.
    function invariant_EveryWarningsLifeIsLawful() external view {
        for (uint8 which = 0; which < 3; ++which) {
            (bytes32 id, , uint8 standing, uint32 last) = _decider.standing(which);
            uint8 grade = 0;
            I.Record memory before;
            for (uint32 sequence = 1; sequence <= last; ++sequence) {
                I.Record memory step = _decider.recordOf(id, sequence);
                require((sequence == 1) == (step.kind == I.Kind.Issue), "one issue, first");
                require(step.grade >= grade, "a grade fell");
                bool mayRise = step.kind == I.Kind.Raise || step.kind == I.Kind.Reopen || sequence == 1;
                require(step.grade == grade || mayRise, "a grade rose by another step");
                require((step.reviewedBy != address(0)) == (step.kind == I.Kind.Close), "who reviewed");
                require(step.decidedBy != step.reviewedBy, "one person closed");
                bool looked = step.kind == I.Kind.Confirm || step.kind == I.Kind.Lift;
                require(before.automatic == looked, "a person looks at what the rules issued, and at nothing else");
                require(!step.automatic || step.grade == 4, "the rules issued another grade than red");
                (grade, before) = (step.grade, step);
            }
            require(grade == standing, "the grade that stands is the last step's");
            require(_decider.recordOf(id, last + 1).digest == 0, "a step beyond the last");
        }
    }
}
