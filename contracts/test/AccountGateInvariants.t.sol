// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountGate} from "../src/AccountGate.sol";
import {IAccountGate} from "../src/interfaces/IAccountGate.sol";
import {Founded} from "./Founded.sol";
import {Checks} from "./Vm.sol";

/// @dev One member and a stranger do everything that they can think of.
contract Lonely is Founded {
    bool public broken;

    constructor() {
        found();
    }

    function target() external view returns (AccountGate) {
        return gate;
    }

    function attempt(bytes memory data, bool member) private {
        vm.prank(member ? operators[0] : STRANGER);
        (bool done, ) = address(gate).call(data);
        if (done && !member) broken = true;
    }

    function proposeAnything(uint8 action, uint8 account, bytes32 key_, uint256 value, bool member) external {
        IAccountGate.Action chosen = IAccountGate.Action(action % 7);
        address who = account % 5 == 4 ? STRANGER : operators[account % 5];
        attempt(abi.encodeCall(IAccountGate.propose, (proposal(chosen, who, key_, value, "label"))), member);
    }

    function approveAnything(uint256 id, bool member) external {
        attempt(abi.encodeCall(IAccountGate.approve, (id % 30)), member);
        attempt(abi.encodeCall(IAccountGate.execute, (id % 30)), member);
    }

    function grantAnything(address account, uint256 bits, bool member) external {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        attempt(abi.encodeCall(IAccountGate.grant, (accounts, bits % 17)), member);
    }
}

contract AccountGateInvariants is Checks {
    Lonely private lonely;

    function setUp() external {
        lonely = new Lonely();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(lonely);
    }

    function invariant_OneMemberAloneBindsNobody() external view {
        AccountGate gate = lonely.target();
        isTrue(!lonely.broken(), "a stranger's call went through");
        equal(gate.members().length, 4, "members");
        equal(gate.upgrade().height, 0, "no upgrade");
        equal(gate.parameterOf("block.max_gas"), 0, "no parameter");
        equal(gate.revision(), 1, "nothing for validators to do");
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 permissions, ) = gate.permissionsOf(gate.members()[i].operator);
            equal(permissions, 15, "permissions of a member");
        }
    }
}
