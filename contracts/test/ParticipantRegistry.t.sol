// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ParticipantRegistry} from "../src/ParticipantRegistry.sol";
import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {Installation} from "./Installation.sol";

contract ParticipantRegistryTest is Installation {
    function setUp() external {
        install();
    }

    function check(uint8 scope, uint64 nonce) private view {
        equal(participants.authorityOf(ORG, vm.addr(AGENT)), scope, "scope");
        (, , , uint64 last) = participants.organisation(ORG);
        equal(last, nonce, "nonce");
    }

    function test_RegistersWhatTheRegistrarSigned() external {
        IParticipantRegistry.RegisterOrganisation memory s = IParticipantRegistry.RegisterOrganisation(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            bytes32(0),
            7
        );
        bytes memory signature = signed(REGISTRAR, participantDigest(hashOf(s)));
        vm.expectEmit(true, true, true, true);
        emit IParticipantRegistry.OrganisationRegistered(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            bytes32(0),
            vm.addr(REGISTRAR),
            7
        );
        vm.prank(address(0xdead));
        participants.registerOrganisation(s, vm.addr(REGISTRAR), signature);
        (uint64 region, address representative, bytes32 seal, uint64 nonce) = participants.organisation(ORG);
        equal(region, REGION, "region");
        equal(representative, vm.addr(REPRESENTATIVE), "representative");
        equal(seal, 0, "seal");
        equal(nonce, 7, "nonce");
        equal(participants.authorityOf(ORG, representative), 7, "the representative may do everything");
        equal(participants.authorityOf(ORG, address(0)), 0, "nobody is not somebody");
        equal(participants.authorityOf(keccak256("other"), representative), 0, "elsewhere he may do nothing");
    }

    function test_RegistersOnce() external {
        register(1);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.OrganisationExists.selector, ORG));
        this.registerAgain();
    }

    function registerAgain() external {
        register(2);
    }

    function testFuzz_RefusesAnAlteredStatement(uint8 field, uint64 change) external {
        vm.assume(change != 0);
        IParticipantRegistry.RegisterOrganisation memory s = IParticipantRegistry.RegisterOrganisation(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            keccak256("seal"),
            1
        );
        bytes memory signature = signed(REGISTRAR, participantDigest(hashOf(s)));
        if (field % 5 == 0) s.orgId ^= bytes32(uint256(change));
        else if (field % 5 == 1) s.regionCode ^= change;
        else if (field % 5 == 2) s.representative = address(uint160(s.representative) ^ change);
        else if (field % 5 == 3) s.sealKeyHash ^= bytes32(uint256(change));
        else s.nonce ^= change;
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.InvalidStatementSignature.selector,
                vm.addr(REGISTRAR),
                participantDigest(hashOf(s))
            )
        );
        participants.registerOrganisation(s, vm.addr(REGISTRAR), signature);
    }

    function test_RefusesAStatementOfAnotherInstallation() external {
        IParticipantRegistry.RegisterOrganisation memory s = IParticipantRegistry.RegisterOrganisation(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            bytes32(0),
            1
        );
        bytes memory signature = signed(REGISTRAR, participantDigest(hashOf(s)));
        ParticipantRegistry salted = new ParticipantRegistry(address(manager), DOMAIN, keccak256("another"));
        ParticipantRegistry named = new ParticipantRegistry(address(manager), "Concord", SALT);
        isTrue(salted.domainSeparator() != named.domainSeparator(), "domains differ");
        vm.chainId(block.chainid + 1);
        vm.expectRevert();
        participants.registerOrganisation(s, vm.addr(REGISTRAR), signature);
    }

    function test_RefusesAStrangersStatement() external {
        IParticipantRegistry.RegisterOrganisation memory s = IParticipantRegistry.RegisterOrganisation(
            ORG,
            REGION,
            vm.addr(REPRESENTATIVE),
            bytes32(0),
            1
        );
        bytes memory signature = signed(AGENT, participantDigest(hashOf(s)));
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.UnknownRegistrar.selector, vm.addr(AGENT))
        );
        participants.registerOrganisation(s, vm.addr(AGENT), signature);
    }

    function test_AgentsComeAndGoByTheRepresentativesStatements() external {
        register(1);
        grantTo(AGENT, 3, 2);
        check(3, 2);
        grantTo(AGENT, 4, 9);
        check(4, 9);
        (uint8 scope, uint64 validUntil) = participants.grant(ORG, vm.addr(AGENT));
        equal(scope, 4, "scope");
        equal(validUntil, 1, "a date in the past is data, not a judgement");
        revoke(AGENT, 10);
        check(0, 10);
    }

    function test_ANonceServesOnceAndOnlyInOrder() external {
        register(5);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.StaleNonce.selector, ORG, 5, 5));
        this.grantLater(5);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.StaleNonce.selector, ORG, 4, 5));
        this.grantLater(4);
        this.grantLater(6);
        check(7, 6);
        revoke(AGENT, 8);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.StaleNonce.selector, ORG, 6, 8));
        this.grantLater(6);
    }

    function grantLater(uint64 nonce) external {
        grantTo(AGENT, 7, nonce);
    }

    function test_RefusesAnEmptyOrUnknownScope() external {
        register(1);
        IParticipantRegistry.GrantAgent memory s = IParticipantRegistry.GrantAgent(ORG, vm.addr(AGENT), 0, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.InvalidScope.selector, 0));
        participants.grantAgent(s, "");
        s.scope = 8;
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.InvalidScope.selector, 8));
        participants.grantAgent(s, "");
    }

    function test_AnAgentCannotGrant() external {
        register(1);
        grantTo(AGENT, 7, 2);
        IParticipantRegistry.GrantAgent memory s = IParticipantRegistry.GrantAgent(ORG, address(0xF1), 7, 1, 3);
        bytes memory signature = signed(AGENT, participantDigest(hashOf(s)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.InvalidStatementSignature.selector,
                vm.addr(REPRESENTATIVE),
                participantDigest(hashOf(s))
            )
        );
        participants.grantAgent(s, signature);
    }

    function test_RevokesOnlyWhoIsThere() external {
        register(1);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.AgentUnknown.selector, ORG, vm.addr(AGENT))
        );
        this.revokeLater(2);
    }

    function revokeLater(uint64 nonce) external {
        revoke(AGENT, nonce);
    }

    function test_TheRegistrarReplacesALostRepresentative() external {
        register(1);
        IParticipantRegistry.ReplaceRepresentative memory s = IParticipantRegistry.ReplaceRepresentative(
            ORG,
            vm.addr(0xC2),
            2
        );
        bytes32 digest = participantDigest(
            keccak256(
                abi.encode(
                    keccak256("ReplaceRepresentative(bytes32 orgId,address representative,uint64 nonce)"),
                    s.orgId,
                    s.representative,
                    s.nonce
                )
            )
        );
        participants.replaceRepresentative(s, vm.addr(REGISTRAR), signed(REGISTRAR, digest));
        equal(participants.authorityOf(ORG, vm.addr(REPRESENTATIVE)), 0, "the lost wallet");
        equal(participants.authorityOf(ORG, vm.addr(0xC2)), 7, "the new wallet");
        vm.expectRevert();
        this.grantLater(3);
    }

    function test_TheRepresentativeSetsTheSeal() external {
        register(1);
        IParticipantRegistry.SetSealKey memory s = IParticipantRegistry.SetSealKey(ORG, keccak256("new"), 2);
        bytes32 digest = participantDigest(
            keccak256(
                abi.encode(
                    keccak256("SetSealKey(bytes32 orgId,bytes32 sealKeyHash,uint64 nonce)"),
                    s.orgId,
                    s.sealKeyHash,
                    s.nonce
                )
            )
        );
        participants.setSealKey(s, signed(REPRESENTATIVE, digest));
        (, , bytes32 seal, ) = participants.organisation(ORG);
        equal(seal, keccak256("new"), "seal");
    }

    function test_NobodyButTheAdministratorSetsKeys() external {
        bytes memory refusal = abi.encodeWithSelector(
            IAccessManaged.AccessManagedUnauthorized.selector,
            address(this)
        );
        vm.expectRevert(refusal);
        participants.appointRegistrar(address(1));
        vm.expectRevert(refusal);
        participants.dismissRegistrar(vm.addr(REGISTRAR));
        vm.expectRevert(refusal);
        participants.authoriseIssuer(address(1));
        vm.expectRevert(refusal);
        participants.revokeIssuer(vm.addr(ISSUER));
    }
}
