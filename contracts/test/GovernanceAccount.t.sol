// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ParticipantRegistry} from "../src/ParticipantRegistry.sol";
import {IGovernanceAccount} from "../src/interfaces/IGovernanceAccount.sol";
import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {Installation} from "./Installation.sol";
import {Vm} from "./Vm.sol";

contract GovernanceAccountTest is Installation {
    function setUp() external {
        install();
        vm.warp(1_800_000_000);
    }

    function run(address target, bytes memory data) private {
        account.execute(target, data, governed(two(keys[0], keys[2]), target, data));
    }

    /// @dev Schedules an act with the AccessManager, waits, executes it.
    function administer(address target, bytes memory data) private {
        run(address(manager), abi.encodeCall(AccessManager.schedule, (target, data, 0)));
        vm.warp(block.timestamp + DELAY);
        run(address(manager), abi.encodeCall(AccessManager.execute, (target, data)));
    }

    function test_AnActWaitsForTheDelay() external {
        bytes memory act = abi.encodeCall(IParticipantRegistry.authoriseIssuer, (address(0xB2)));
        run(address(manager), abi.encodeCall(AccessManager.schedule, (address(participants), act, 0)));
        bytes memory now_ = abi.encodeCall(AccessManager.execute, (address(participants), act));
        bytes memory signature = governed(two(keys[0], keys[1]), address(manager), now_);
        bytes32 id = manager.hashOperation(address(account), address(participants), act);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id));
        account.execute(address(manager), now_, signature);
        vm.warp(block.timestamp + DELAY);
        account.execute(address(manager), now_, signature);
        isTrue(participants.isIssuer(address(0xB2)), "authorised after the delay");
        equal(account.nonce(), 2, "a refused call uses no nonce");
    }

    function test_ADirectCallIsNotEnough() external {
        bytes memory act = abi.encodeCall(IParticipantRegistry.authoriseIssuer, (address(0xB2)));
        bytes memory signature = governed(two(keys[0], keys[1]), address(participants), act);
        vm.expectRevert();
        account.execute(address(participants), act, signature);
    }

    function test_ARevokedKeyNeverComesBack() external {
        administer(address(participants), abi.encodeCall(IParticipantRegistry.revokeIssuer, (vm.addr(ISSUER))));
        isTrue(!participants.isIssuer(vm.addr(ISSUER)), "revoked");
        bytes memory act = abi.encodeCall(IParticipantRegistry.authoriseIssuer, (vm.addr(ISSUER)));
        run(address(manager), abi.encodeCall(AccessManager.schedule, (address(participants), act, 0)));
        vm.warp(block.timestamp + DELAY);
        bytes memory call_ = abi.encodeCall(AccessManager.execute, (address(participants), act));
        bytes memory signature = governed(two(keys[0], keys[1]), address(manager), call_);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.KeyStatusConflict.selector,
                vm.addr(ISSUER),
                IParticipantRegistry.KeyStatus.Revoked
            )
        );
        account.execute(address(manager), call_, signature);
    }

    function test_RegistrarsChangeTheSameWay() external {
        administer(
            address(participants),
            abi.encodeCall(IParticipantRegistry.appointRegistrar, (vm.addr(0xA2)))
        );
        administer(
            address(participants),
            abi.encodeCall(IParticipantRegistry.dismissRegistrar, (vm.addr(REGISTRAR)))
        );
        isTrue(participants.isRegistrar(vm.addr(0xA2)), "appointed");
        isTrue(!participants.isRegistrar(vm.addr(REGISTRAR)), "dismissed");
    }

    function test_SignersChangeOnlyAfterTheDelay() external {
        bytes[] memory more = new bytes[](1);
        more[0] = abi.encodePacked(vm.addr(0xE4));
        bytes memory act = abi.encodeCall(IGovernanceAccount.addSigners, (more));
        bytes memory signature = governed(two(keys[0], keys[1]), address(account), act);
        bytes32 id = manager.hashOperation(address(account), address(account), act);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        account.execute(address(account), act, signature);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, vm.addr(keys[0]))
        );
        vm.prank(vm.addr(keys[0]));
        account.addSigners(more);
        administer(address(account), act);
        isTrue(account.isSigner(more[0]), "added");
        administer(address(account), abi.encodeCall(IGovernanceAccount.setThreshold, (3)));
        equal(account.threshold(), 3, "threshold");
        administerWithThree(abi.encodeCall(IGovernanceAccount.removeSigners, (more)));
        equal(account.getSignerCount(), 3, "removed");
    }

    function administerWithThree(bytes memory act) private {
        uint256[] memory by = new uint256[](3);
        (by[0], by[1], by[2]) = (keys[0], keys[1], keys[2]);
        bytes memory data = abi.encodeCall(AccessManager.schedule, (address(account), act, 0));
        account.execute(address(manager), data, governed(by, address(manager), data));
        vm.warp(block.timestamp + DELAY);
        data = abi.encodeCall(AccessManager.execute, (address(account), act));
        account.execute(address(manager), data, governed(by, address(manager), data));
    }

    function refused(bytes memory signature, bytes memory data) private {
        (bool done, ) = address(account).call(
            abi.encodeCall(IGovernanceAccount.execute, (address(manager), data, signature))
        );
        isTrue(!done, "executed without enough signatures");
        equal(account.nonce(), 0, "nonce");
    }

    function test_TooFewDoubledOrStrangeSignersAreRefused() external {
        bytes memory data = abi.encodeCall(AccessManager.labelRole, (5, "label"));
        uint256[] memory one = new uint256[](1);
        one[0] = keys[0];
        refused(governed(one, address(manager), data), data);
        refused(governed(two(keys[0], keys[0]), address(manager), data), data);
        refused(governed(two(keys[0], 0xBAD), address(manager), data), data);
        refused(governed(two(keys[0], keys[1]), address(participants), data), data);
        refused("", data);
        refused(hex"0102", data);
    }

    function test_ASignatureServesOnce() external {
        bytes memory act = abi.encodeCall(IParticipantRegistry.authoriseIssuer, (address(0xB2)));
        bytes memory data = abi.encodeCall(AccessManager.schedule, (address(participants), act, 0));
        bytes memory signature = governed(two(keys[0], keys[1]), address(manager), data);
        account.execute(address(manager), data, signature);
        vm.expectRevert();
        account.execute(address(manager), data, signature);
    }
}

/// @dev Throws every administrative call at the installation from every single key's address.
contract Intruder {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    AccessManager private immutable _manager;
    address private immutable _participants;
    address private immutable _account;
    address[] private _senders;

    /// @dev Set once a single key has changed the installation.
    bool public intruded;

    constructor(AccessManager manager, address participants, address account, address[] memory from) {
        (_manager, _participants, _account, _senders) = (manager, participants, account, from);
    }

    function senders() external view returns (address[] memory) {
        return _senders;
    }

    function attempt(address target, bytes memory data, uint256 as_) private {
        vm.prank(_senders[as_ % _senders.length]);
        (bool done, ) = target.call(data);
        // Kept, not reverted: a revert of this call would undo what it has found.
        if (done && target != address(_manager)) intruded = true;
    }

    function seizeRole(uint64 role, uint256 for_, uint32 delay, uint256 as_) external {
        address who = _senders[for_ % _senders.length];
        attempt(address(_manager), abi.encodeCall(AccessManager.grantRole, (role % 3, who, delay)), as_);
    }

    function setGuardian(uint64 role, uint64 guardian, uint256 as_) external {
        attempt(address(_manager), abi.encodeCall(AccessManager.setRoleGuardian, (role, guardian)), as_);
        attempt(address(_manager), abi.encodeCall(AccessManager.setRoleAdmin, (role, guardian)), as_);
    }

    function openFunction(bytes4 selector, uint64 role, uint256 as_) external {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        attempt(
            address(_manager),
            abi.encodeCall(AccessManager.setTargetFunctionRole, (_participants, selectors, role)),
            as_
        );
    }

    function moveAuthority(uint256 as_) external {
        address own = _senders[as_ % _senders.length];
        attempt(address(_manager), abi.encodeCall(AccessManager.updateAuthority, (_participants, own)), as_);
        attempt(_participants, abi.encodeCall(IAccessManaged.setAuthority, (own)), as_);
        attempt(_account, abi.encodeCall(IAccessManaged.setAuthority, (own)), as_);
    }

    function closeTarget(bool closed, uint256 as_) external {
        attempt(address(_manager), abi.encodeCall(AccessManager.setTargetClosed, (_participants, closed)), as_);
        attempt(address(_manager), abi.encodeCall(AccessManager.setTargetAdminDelay, (_participants, 0)), as_);
    }

    function setKeys(address key, uint256 as_) external {
        attempt(_participants, abi.encodeCall(IParticipantRegistry.appointRegistrar, (key)), as_);
        attempt(_participants, abi.encodeCall(IParticipantRegistry.authoriseIssuer, (key)), as_);
        attempt(_participants, abi.encodeCall(IParticipantRegistry.revokeIssuer, (key)), as_);
    }

    function takeAccount(uint64 threshold, bytes calldata signature, uint256 as_) external {
        attempt(_account, abi.encodeCall(IGovernanceAccount.setThreshold, (threshold)), as_);
        attempt(_account, abi.encodeCall(IGovernanceAccount.execute, (_account, "", signature)), as_);
    }

    function schedule(bytes calldata data, uint48 when, uint256 as_) external {
        attempt(address(_manager), abi.encodeCall(AccessManager.schedule, (_participants, data, when)), as_);
        attempt(address(_manager), abi.encodeCall(AccessManager.execute, (_participants, data)), as_);
    }
}

contract AdministrationInvariants is Installation {
    Intruder private intruder;

    function setUp() external {
        install();
        address[] memory senders = new address[](8);
        senders[0] = address(this); // the deployer, who renounced
        senders[1] = vm.addr(REGISTRAR);
        senders[2] = vm.addr(ISSUER);
        senders[3] = address(participants);
        senders[4] = address(0xdead);
        for (uint256 i = 0; i < 3; ++i) senders[5 + i] = vm.addr(keys[i]);
        intruder = new Intruder(manager, address(participants), address(account), senders);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(intruder);
    }

    function invariant_NoSingleKeyHoldsAnAdminOrGuardianRole() external view {
        isTrue(!intruder.intruded(), "a single key changed the installation");
        address[] memory senders = intruder.senders();
        for (uint64 role = 0; role < 4; ++role) {
            equal(manager.getRoleAdmin(role), manager.ADMIN_ROLE(), "admin of a role");
            equal(manager.getRoleGuardian(role), manager.ADMIN_ROLE(), "guardian of a role");
            for (uint256 i = 0; i < senders.length; ++i) {
                (bool member, ) = manager.hasRole(role, senders[i]);
                isTrue(!member, "a single key holds a role");
            }
        }
        (bool isAdmin, uint32 delay) = manager.hasRole(manager.ADMIN_ROLE(), address(account));
        isTrue(isAdmin, "the account administers");
        equal(delay, DELAY, "with its delay");
        equal(account.threshold(), 2, "two of three");
        equal(participants.authority(), address(manager), "authority of the registry");
        equal(account.authority(), address(manager), "authority of the account");
        isTrue(participants.isRegistrar(vm.addr(REGISTRAR)), "registrar");
        isTrue(participants.isIssuer(vm.addr(ISSUER)), "issuer");
    }
}
