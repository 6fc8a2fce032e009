// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountGate} from "../src/AccountGate.sol";
import {IAccountGate} from "../src/interfaces/IAccountGate.sol";
import {Checks} from "./Vm.sol";

/// @dev Four members, put into the storage as the engine's genesis does it: the slots are written by hand here, so that
///      a change of the contract's layout, which the engine relies on, makes these tests fail.
abstract contract Founded is Checks {
    AccountGate internal gate;
    address[4] internal operators = [address(0xA1), address(0xA2), address(0xA3), address(0xA4)];
    address internal constant RELAY = address(0xB1);
    address internal constant STRANGER = address(0xC1);

    function found() internal {
        gate = new AccountGate();
        put(bytes32(uint256(1)), bytes32(uint256(4)));
        put(bytes32(uint256(3)), bytes32(uint256(1)));
        uint256 list = uint256(keccak256(abi.encode(uint256(1))));
        for (uint256 i = 0; i < 4; ++i) {
            bytes32 operator = bytes32(uint256(uint160(operators[i])));
            put(bytes32(list + i), operator);
            put(keccak256(abi.encode(operator, 0)), bytes32((uint256(uint160(address(gate))) << 8) | 15));
            uint256 seat = uint256(keccak256(abi.encode(operator, 2)));
            put(bytes32(seat), key(i));
            put(bytes32(seat + 1), "member");
            put(bytes32(seat + 2), bytes32(uint256(1)));
            put(keccak256(abi.encode(seat + 2)), bytes32(uint256(uint160(node(i)))));
            put(keccak256(abi.encode(key(i), 9)), bytes32(uint256(1)));
            put(keccak256(abi.encode(bytes32(uint256(uint160(node(i)))), 9)), bytes32(uint256(1)));
        }
        vm.warp(1_800_000_000);
        vm.roll(1_000);
    }

    function put(bytes32 slot, bytes32 word) private {
        vm.store(address(gate), slot, word);
    }

    function key(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("consensus key", i));
    }

    function node(uint256 i) internal pure returns (bytes20) {
        return bytes20(keccak256(abi.encode("node", i)));
    }

    function proposal(
        IAccountGate.Action action,
        address account,
        bytes32 key_,
        uint256 value,
        bytes32 label
    ) internal pure returns (IAccountGate.Proposal memory) {
        return IAccountGate.Proposal(action, account, key_, value, label);
    }

    function added(uint256 i) internal pure returns (IAccountGate.Proposal memory) {
        address operator = address(uint160(0xD0 + i));
        return proposal(IAccountGate.Action.AddMember, operator, key(i), uint160(node(i)), "fifth");
    }

    function propose(IAccountGate.Proposal memory p) internal returns (uint256) {
        vm.prank(operators[0]);
        return gate.propose(p);
    }

    function approve(uint256 id, uint256 member) internal {
        vm.prank(operators[member]);
        gate.approve(id);
    }

    function decide(IAccountGate.Proposal memory p) internal returns (uint256 id) {
        id = propose(p);
        approve(id, 1);
        approve(id, 2);
    }

    function permissions(address account) internal view returns (uint256 found_) {
        (found_, ) = gate.permissionsOf(account);
    }

    function refused(IAccountGate.Proposal memory p, string memory what) internal {
        vm.prank(operators[0]);
        (bool done, ) = address(gate).call(abi.encodeCall(IAccountGate.propose, (p)));
        isTrue(!done, what);
    }
}
