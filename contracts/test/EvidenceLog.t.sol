// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EvidenceLog} from "../src/EvidenceLog.sol";
import {IEvidenceLog} from "../src/interfaces/IEvidenceLog.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {Checks} from "./Vm.sol";

contract EvidenceLogTest is Checks {
    EvidenceLog private log = new EvidenceLog();
    bytes32[] private model;

    function batch(uint256 count, bytes32 seed) private pure returns (bytes32[] memory entries) {
        entries = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) entries[i] = keccak256(abi.encode(seed, i));
    }

    function append(bytes32[] memory entries) private {
        log.append(model.length, entries);
        for (uint256 i = 0; i < entries.length; ++i) model.push(entries[i]);
    }

    function matches() private view {
        bytes32[] memory entries = model;
        equal(log.size(), entries.length, "size");
        equal(log.root(), ReferenceTree.root(entries, 0, entries.length), "root");
        bytes32[] memory frontier = log.frontier();
        uint256 from = 0;
        uint256 next = 0;
        for (uint256 k = 1 << 20; k > 0; k >>= 1) {
            if (entries.length & k != 0) {
                equal(frontier[next++], ReferenceTree.root(entries, from, from + k), "frontier");
                from += k;
            }
        }
        equal(frontier.length, next, "frontier length");
    }

    function test_StartsEmpty() external view {
        matches();
    }

    function test_EntryByEntryThroughEveryShape() external {
        for (uint256 i = 0; i < 40; ++i) {
            append(batch(1, bytes32(i)));
            matches();
        }
    }

    function testFuzz_AnyBatchesGiveTheReferenceTree(uint8[6] calldata counts, bytes32 seed) external {
        for (uint256 i = 0; i < counts.length; ++i) {
            append(batch(1 + (counts[i] % 50), keccak256(abi.encode(seed, i))));
        }
        matches();
    }

    function test_EventNamesPositionAndHead() external {
        append(batch(3, "first"));
        bytes32[] memory second = batch(4, "second");
        bytes32[] memory all = new bytes32[](7);
        for (uint256 i = 0; i < 7; ++i) all[i] = i < 3 ? model[i] : second[i - 3];
        vm.expectEmit(true, true, true, true);
        emit IEvidenceLog.Appended(3, 4, 7, ReferenceTree.root(all, 0, 7));
        log.append(3, second);
    }

    function test_RefusesAnotherPosition() external {
        append(batch(5, "five"));
        bytes32[] memory more = batch(1, "more");
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.SizeMismatch.selector, 4, 5));
        log.append(4, more);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.SizeMismatch.selector, 6, 5));
        log.append(6, more);
        matches();
    }

    function test_RefusesAnEmptyBatch() external {
        vm.expectRevert(IEvidenceLog.EmptyBatch.selector);
        log.append(0, new bytes32[](0));
    }

    function test_SameEntriesInAnotherOrderAreAnotherTree() external {
        EvidenceLog other = new EvidenceLog();
        bytes32[] memory entries = batch(2, "two");
        append(entries);
        (entries[0], entries[1]) = (entries[1], entries[0]);
        other.append(0, entries);
        isTrue(log.root() != other.root(), "order counts");
    }

    /// @dev Execution only; tests/integration/chain measures whole transactions on a node.
    function test_GasOfAThousandEntries() external {
        append(batch(999, "before"));
        bytes32[] memory entries = batch(1000, "thousand");
        uint256 before = gasleft();
        log.append(999, entries);
        isTrue((before - gasleft()) / 1000 < 2100, "execution gas per entry");
    }
}

/// @dev Grows a log by random batches and remembers what it was told.
contract Appender {
    EvidenceLog public immutable log = new EvidenceLog();
    bool public elsewhere;
    bytes32[] private model;

    function append(uint8 count, bytes32 seed) external {
        bytes32[] memory entries = new bytes32[](1 + (count % 20));
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = keccak256(abi.encode(seed, i));
        }
        log.append(model.length, entries);
        for (uint256 i = 0; i < entries.length; ++i) model.push(entries[i]);
    }

    function appendElsewhere(uint256 position, bytes32 entry) external {
        if (position == model.length) return;
        bytes32[] memory entries = new bytes32[](1);
        entries[0] = entry;
        try log.append(position, entries) {
            elsewhere = true; // kept, not reverted: a revert of this call would undo what it has found
        } catch {}
    }

    function entriesOf() external view returns (bytes32[] memory) {
        return model;
    }
}

contract EvidenceLogInvariants is Checks {
    Appender private appender;

    function setUp() external {
        appender = new Appender();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(appender);
    }

    function invariant_FrontierIsTheReferenceTree() external view {
        isTrue(!appender.elsewhere(), "appended at another position");
        bytes32[] memory entries = appender.entriesOf();
        EvidenceLog log = appender.log();
        equal(log.size(), entries.length, "size");
        equal(log.root(), ReferenceTree.root(entries, 0, entries.length), "root");
    }
}
