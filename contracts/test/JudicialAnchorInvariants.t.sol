// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JudicialAnchor} from "../src/JudicialAnchor.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {Witnessing} from "./Witnessing.sol";

/// @dev Offers honest and rewritten checkpoints, signed by the quorum, in any order.
contract Carrier is Witnessing {
    JudicialAnchor public immutable anchor = newAnchor();
    bool public rewritten;
    bytes32[] private honest;
    uint64[] private accepted;
    mapping(uint64 size => bytes32) private roots;

    constructor() {
        for (uint256 i = 0; i < 64; ++i) honest.push(keccak256(abi.encode("honest", i)));
    }

    function entries() public view returns (bytes32[] memory) {
        return honest;
    }

    function carry(uint8 grown) external {
        bytes32[] memory list = honest;
        (uint64 from, ) = anchor.latest();
        uint64 to = from + 1 + (grown % 9);
        if (to > list.length) return;
        bytes32 root = ReferenceTree.root(list, 0, to);
        bytes32[] memory proof = from == 0 ? new bytes32[](0) : ReferenceTree.consistency(from, list, to);
        anchor.accept(to, root, times(2), quorum(address(anchor), to, root), proof);
        accepted.push(to);
        roots[to] = root;
    }

    function rewrite(uint8 at, uint8 grown) external {
        bytes32[] memory list = honest;
        (uint64 from, ) = anchor.latest();
        if (from == 0) return;
        uint64 to = from + (grown % 9);
        if (to > list.length) return;
        list[at % from] = keccak256("rewritten");
        bytes32 root = ReferenceTree.root(list, 0, to);
        bytes32[] memory proof = ReferenceTree.consistency(from, list, to);
        try anchor.accept(to, root, times(2), quorum(address(anchor), to, root), proof) {
            rewritten = true; // kept, not reverted: a revert of this call would undo what it has found
        } catch {}
    }

    function history() external view returns (uint64[] memory) {
        return accepted;
    }

    function rootOf(uint64 size) external view returns (bytes32) {
        return roots[size];
    }
}

contract JudicialAnchorInvariants is Witnessing {
    Carrier private carrier;

    function setUp() external {
        carrier = new Carrier();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(carrier);
    }

    function invariant_HistoryIsWrittenOnceAndHonest() external view {
        isTrue(!carrier.rewritten(), "a rewritten history was accepted");
        JudicialAnchor anchor = carrier.anchor();
        uint64[] memory sizes = carrier.history();
        bytes32[] memory honest = carrier.entries();
        equal(anchor.count(), sizes.length, "count");
        for (uint256 i = 0; i < sizes.length; ++i) {
            equal(anchor.sizeAt(i), sizes[i], "order");
            if (i > 0) isTrue(sizes[i] > sizes[i - 1], "sizes rise");
            equal(anchor.rootAt(sizes[i]), carrier.rootOf(sizes[i]), "written once");
            equal(anchor.rootAt(sizes[i]), ReferenceTree.root(honest, 0, sizes[i]), "the honest tree");
        }
    }
}
