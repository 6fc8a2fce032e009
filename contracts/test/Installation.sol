// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {GovernanceAccount} from "../src/GovernanceAccount.sol";
import {LaborContractRegistry} from "../src/LaborContractRegistry.sol";
import {ParticipantRegistry} from "../src/ParticipantRegistry.sol";
import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {Checks} from "./Vm.sol";

/// @title An installation as the deployer leaves it: one registrar, one issuer, 2 of 3 governance keys, a delay
abstract contract Installation is Checks {
    uint32 internal constant DELAY = 2 days;
    uint256 internal constant REGISTRAR = 0xA1;
    uint256 internal constant ISSUER = 0xB1;
    uint256 internal constant REPRESENTATIVE = 0xC1;
    uint256 internal constant AGENT = 0xD1;
    bytes32 internal constant ORG = keccak256("organisation");
    uint64 internal constant REGION = 500107001;

    AccessManager internal manager;
    ParticipantRegistry internal participants;
    LaborContractRegistry internal registry;
    GovernanceAccount internal account;
    uint256[3] internal keys = [uint256(0xE1), 0xE2, 0xE3];

    function install() internal {
        manager = new AccessManager(address(this));
        participants = new ParticipantRegistry(address(manager), DOMAIN, SALT);
        registry = new LaborContractRegistry(participants, DOMAIN, SALT);
        bytes[] memory signers = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) signers[i] = abi.encodePacked(vm.addr(keys[i]));
        account = new GovernanceAccount(address(manager), DOMAIN, SALT, signers, 2);
        participants.appointRegistrar(vm.addr(REGISTRAR));
        participants.authoriseIssuer(vm.addr(ISSUER));
        manager.grantRole(manager.ADMIN_ROLE(), address(account), DELAY);
        manager.renounceRole(manager.ADMIN_ROLE(), address(this));
    }

    function digestIn(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function participantDigest(bytes32 structHash) internal view returns (bytes32) {
        return digestIn(participants.domainSeparator(), structHash);
    }

    function hashOf(IParticipantRegistry.RegisterOrganisation memory s) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "RegisterOrganisation(bytes32 orgId,uint64 regionCode,address representative,bytes32 sealKeyHash,uint64 nonce)"
                    ),
                    s.orgId,
                    s.regionCode,
                    s.representative,
                    s.sealKeyHash,
                    s.nonce
                )
            );
    }

    function hashOf(IParticipantRegistry.GrantAgent memory s) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "GrantAgent(bytes32 orgId,address agent,uint8 scope,uint64 validUntil,uint64 nonce)"
                    ),
                    s.orgId,
                    s.agent,
                    s.scope,
                    s.validUntil,
                    s.nonce
                )
            );
    }

    function hashOf(IParticipantRegistry.RevokeAgent memory s) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("RevokeAgent(bytes32 orgId,address agent,uint64 nonce)"),
                    s.orgId,
                    s.agent,
                    s.nonce
                )
            );
    }

    function register(uint64 nonce) internal {
        IParticipantRegistry.RegisterOrganisation memory s = IParticipantRegistry.RegisterOrganisation(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            keccak256("seal key"),
            nonce
        );
        bytes memory signature = signed(REGISTRAR, participantDigest(hashOf(s)));
        participants.registerOrganisation(s, vm.addr(REGISTRAR), signature);
    }

    function grantTo(uint256 agent, uint8 scope, uint64 nonce) internal {
        IParticipantRegistry.GrantAgent memory s = IParticipantRegistry.GrantAgent(
            ORG,
            vm.addr(agent),
            scope,
            1,
            nonce
        );
        bytes memory signature = signed(REPRESENTATIVE, participantDigest(hashOf(s)));
        participants.grantAgent(s, signature);
    }

    function revoke(uint256 agent, uint64 nonce) internal {
        IParticipantRegistry.RevokeAgent memory s = IParticipantRegistry.RevokeAgent(ORG, vm.addr(agent), nonce);
        bytes memory signature = signed(REPRESENTATIVE, participantDigest(hashOf(s)));
        participants.revokeAgent(s, signature);
    }

    /// @dev A call of the k-of-n account, signed by the given keys in the order of their ids.
    function governed(uint256[] memory by, address target, bytes memory data) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Execute(address target,bytes data,uint256 nonce)"),
                target,
                keccak256(data),
                account.nonce()
            )
        );
        bytes32 digest = digestIn(account.domainSeparator(), structHash);
        for (uint256 i = 0; i < by.length; ++i) {
            for (uint256 j = i + 1; j < by.length; ++j) {
                if (idOf(by[j]) < idOf(by[i])) (by[i], by[j]) = (by[j], by[i]);
            }
        }
        bytes[] memory signers = new bytes[](by.length);
        bytes[] memory signatures = new bytes[](by.length);
        for (uint256 i = 0; i < by.length; ++i) {
            signers[i] = abi.encodePacked(vm.addr(by[i]));
            signatures[i] = signed(by[i], digest);
        }
        return abi.encode(signers, signatures);
    }

    function idOf(uint256 key) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(vm.addr(key)));
    }

    function two(uint256 a, uint256 b) internal pure returns (uint256[] memory by) {
        by = new uint256[](2);
        (by[0], by[1]) = (a, b);
    }
}
