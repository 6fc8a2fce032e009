// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountGate} from "../src/interfaces/IAccountGate.sol";
import {Founded} from "./Founded.sol";

contract AccountGateTest is Founded {
    function setUp() external {
        found();
    }

    function one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function grant(uint256 member, address account, uint256 bits) private {
        vm.prank(operators[member]);
        gate.grant(one(account), bits);
    }

    function test_TheGenesisIsRead() external view {
        equal(gate.members().length, 4, "members");
        equal(gate.members()[2].operator, operators[2], "operator");
        equal(gate.members()[2].consensusKey, key(2), "consensus key");
        equal(gate.members()[2].name, "member", "name");
        equal(bytes32(gate.nodesOf(operators[3])[0]), bytes32(node(3)), "node");
        equal(permissions(operators[0]), 15, "a member has all permissions");
        equal(permissions(STRANGER), 0, "a stranger has none");
        equal(gate.quorum(), 3, "quorum of four");
        equal(gate.revision(), 1, "revision");
    }

    function test_AnAdministratorGrantsAndTakesBack() external {
        grant(0, RELAY, 1);
        equal(permissions(RELAY), 1, "granted");
        grant(0, RELAY, 3);
        equal(permissions(RELAY), 3, "changed");
        grant(0, RELAY, 0);
        equal(permissions(RELAY), 0, "taken back");
        grant(1, RELAY, 1);
        equal(permissions(RELAY), 1, "free for another administrator now");
    }

    function test_NobodyTakesWhatAnotherGave() external {
        grant(0, RELAY, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotTheGrantor.selector, RELAY, operators[0]));
        grant(1, RELAY, 0);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotTheGrantor.selector, operators[1], address(gate)));
        grant(0, operators[1], 0);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.InvalidPermissions.selector, 4));
        grant(0, RELAY, 4);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotAnAdministrator.selector, RELAY));
        vm.prank(RELAY);
        gate.grant(one(STRANGER), 1);
    }

    function test_MembersOverruleAGrantByVote() external {
        grant(0, RELAY, 3);
        decide(proposal(IAccountGate.Action.SetPermissions, RELAY, 0, 0, 0));
        equal(permissions(RELAY), 0, "taken away");
        decide(proposal(IAccountGate.Action.SetPermissions, RELAY, 0, 5, 0));
        equal(permissions(RELAY), 5, "an administrator by vote");
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotTheGrantor.selector, RELAY, address(gate)));
        grant(0, RELAY, 0);
        refused(proposal(IAccountGate.Action.SetPermissions, RELAY, 0, 8, 0), "no vote without a seat");
        refused(proposal(IAccountGate.Action.SetPermissions, operators[1], 0, 0, 0), "a member keeps its own");
    }

    function test_AMemberIsAddedByThreeOfFour() external {
        uint256 id = propose(added(7));
        approve(id, 1);
        equal(gate.members().length, 4, "two approvals are too few");
        approve(id, 2);
        equal(gate.members().length, 5, "added");
        equal(gate.quorum(), 4, "quorum of five");
        equal(permissions(address(0xD7)), 15, "permissions");
        equal(bytes32(gate.nodesOf(address(0xD7))[0]), bytes32(node(7)), "node");
        equal(gate.revision(), 2, "validators hear of it");
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotOpen.selector, id));
        approve(id, 3);
    }

    function test_AMemberLeavesAndItsVoteWithIt() external {
        uint256 id = propose(added(7));
        decide(proposal(IAccountGate.Action.RemoveMember, operators[0], 0, 0, 0));
        equal(gate.members().length, 3, "gone");
        equal(permissions(operators[0]), 0, "no permissions");
        equal(gate.nodesOf(operators[0]).length, 0, "no nodes");
        (, uint256 approvals, , ) = gate.proposalOf(id);
        equal(approvals, 0, "its approval counts no longer");
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotAMember.selector, operators[0]));
        approve(id, 0);
        refusedKey(key(0));
    }

    function refusedKey(bytes32 used) private {
        vm.prank(operators[1]);
        vm.expectRevert(
            abi.encodeWithSelector(IAccountGate.InvalidProposal.selector, IAccountGate.Action.ReplaceKey)
        );
        gate.propose(proposal(IAccountGate.Action.ReplaceKey, operators[1], used, 0, 0));
    }

    function test_TheLastMemberStays() external {
        for (uint256 i = 3; i > 1; --i) decide(proposal(IAccountGate.Action.RemoveMember, operators[i], 0, 0, 0));
        equal(gate.quorum(), 2, "both of two");
        uint256 id = propose(proposal(IAccountGate.Action.RemoveMember, operators[1], 0, 0, 0));
        approve(id, 1);
        equal(gate.members().length, 1, "one is left");
        refused(proposal(IAccountGate.Action.RemoveMember, operators[0], 0, 0, 0), "the last one");
    }

    function test_AStaleQuorumIsExecutedByAnyMember() external {
        uint256 id = propose(added(7));
        approve(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NoQuorum.selector, id, 2, 3));
        vm.prank(operators[0]);
        gate.execute(id);
        decide(proposal(IAccountGate.Action.RemoveMember, operators[3], 0, 0, 0));
        decide(proposal(IAccountGate.Action.RemoveMember, operators[2], 0, 0, 0));
        vm.prank(operators[0]);
        gate.execute(id);
        equal(gate.members().length, 3, "added with both of two");
    }

    function test_AVoteCountsOnceAndExpires() external {
        uint256 id = propose(added(7));
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.ApprovedBefore.selector, id, operators[0]));
        approve(id, 0);
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotOpen.selector, id));
        approve(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotAMember.selector, STRANGER));
        vm.prank(STRANGER);
        gate.propose(added(8));
    }

    function test_AKeyServesOnce() external {
        decide(proposal(IAccountGate.Action.ReplaceKey, operators[3], key(9), 0, 0));
        equal(gate.members()[3].consensusKey, key(9), "replaced");
        refusedKey(key(3));
        refusedKey(key(9));
        refusedKey(0);
        IAccountGate.Proposal memory p = added(7);
        p.key = key(1);
        refused(p, "a key of another");
        p = added(7);
        p.value = uint160(node(1));
        refused(p, "a node of another");
        p = added(7);
        p.label = 0;
        refused(p, "no name");
    }

    function test_ParametersStayWithinBounds() external {
        decide(proposal(IAccountGate.Action.SetParameter, address(0), 0, 500_000_000, "block.max_gas"));
        equal(gate.parameterOf("block.max_gas"), 500_000_000, "gas");
        decide(proposal(IAccountGate.Action.SetParameter, address(0), 0, 2_000_000, "block.max_bytes"));
        equal(gate.parameterOf("block.max_bytes"), 2_000_000, "bytes");
        refused(proposal(IAccountGate.Action.SetParameter, address(0), 0, 1, "block.max_gas"), "no gas");
        refused(proposal(IAccountGate.Action.SetParameter, address(0), 0, 1 << 40, "block.max_bytes"), "huge");
        refused(proposal(IAccountGate.Action.SetParameter, address(0), 0, 5e7, "anything"), "unknown");
    }

    function test_AnUpgradeIsPlannedAndCancelled() external {
        refused(proposal(IAccountGate.Action.CancelUpgrade, address(0), 0, 0, 0), "nothing to cancel");
        refused(proposal(IAccountGate.Action.ScheduleUpgrade, address(0), 0, block.number + 9, "v2"), "too soon");
        decide(proposal(IAccountGate.Action.ScheduleUpgrade, address(0), key(5), block.number + 10, "v2"));
        equal(gate.upgrade().height, block.number + 10, "height");
        equal(gate.upgrade().checksum, key(5), "checksum");
        decide(proposal(IAccountGate.Action.CancelUpgrade, address(0), 0, 0, 0));
        equal(gate.upgrade().height, 0, "cancelled");
    }

    function test_AMemberListsItsOwnNodes() external {
        vm.prank(operators[1]);
        gate.allowNode(node(20));
        equal(gate.nodesOf(operators[1]).length, 2, "listed");
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.InvalidNode.selector, node(20)));
        vm.prank(operators[2]);
        gate.allowNode(node(20));
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.InvalidNode.selector, node(1)));
        vm.prank(operators[2]);
        gate.disallowNode(node(1));
        vm.prank(operators[1]);
        gate.disallowNode(node(20));
        equal(gate.nodesOf(operators[1]).length, 1, "off the list");
        vm.expectRevert(abi.encodeWithSelector(IAccountGate.NotAMember.selector, STRANGER));
        vm.prank(STRANGER);
        gate.allowNode(node(21));
    }

    function test_TheEngineWritesSuspensions() external {
        vm.store(address(gate), keccak256(abi.encode(key(2), 8)), bytes32(uint256(77)));
        equal(gate.suspendedAt(key(2)), 77, "shown");
        equal(gate.suspendedAt(key(1)), 0, "the others are not");
    }

    function testFuzz_AnAdministratorNeverGivesMoreThanTransactAndDeploy(address account, uint256 bits) external {
        vm.assume(permissions(account) == 0 && account != address(gate));
        vm.prank(operators[0]);
        (bool done, ) = address(gate).call(abi.encodeCall(IAccountGate.grant, (one(account), bits)));
        isTrue(done == (bits <= 3), "what is taken");
        equal(permissions(account), bits <= 3 ? bits : 0, "what is given");
    }
}
