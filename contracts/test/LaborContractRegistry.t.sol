// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ILaborContractRegistry} from "../src/interfaces/ILaborContractRegistry.sol";
import {Concluding} from "./Concluding.sol";

/// @dev A wallet that is a contract: valid when its owner signed.
contract ContractWallet is IERC1271 {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecover(hash, signature);
        return signer == _owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

contract LaborContractRegistryTest is Concluding {
    function test_ConcludesWhatBothSigned() external {
        vm.expectEmit(true, true, true, true);
        emit ILaborContractRegistry.Concluded(
            CONTRACT,
            ORG,
            terms.commitment,
            3,
            0,
            2,
            attestation.time,
            terms.expiry,
            vm.addr(AGENT),
            workerKeyHash(WORKER),
            attestation.subject,
            attestation.checkDigest,
            vm.addr(ISSUER)
        );
        conclude();
        (uint32 version, bytes32 commitment) = registry.latest(CONTRACT);
        equal(version, 3, "version");
        equal(commitment, terms.commitment, "commitment");
        ILaborContractRegistry.Record memory record = registry.record(CONTRACT, 3);
        equal(record.orgId, ORG, "organisation");
        equal(record.workerKeyHash, workerKeyHash(WORKER), "worker's key");
        equal(record.subject, attestation.subject, "subject");
        equal(record.employerWallet, vm.addr(AGENT), "wallet");
        equal(record.level, 2, "level");
        equal(record.attestationTime, attestation.time, "time");
    }

    function test_DigestsAreEIP712s() external view {
        bytes32 keyHash = workerKeyHash(WORKER);
        equal(
            registry.consentDigest(consent(2, keyHash)),
            digestIn(registry.domainSeparator(), structHash(consent(2, keyHash))),
            "consent"
        );
        ILaborContractRegistry.Attestation memory a = ILaborContractRegistry.Attestation(
            terms.commitment,
            CONTRACT,
            keyHash,
            attestation.subject,
            attestation.level,
            attestation.checkDigest,
            attestation.time
        );
        equal(registry.attestationDigest(a), attestationDigest(keyHash), "attestation");
        ILaborContractRegistry.IdentityCheck memory c = ILaborContractRegistry.IdentityCheck(
            terms.commitment,
            attestation.subject,
            3,
            2,
            attestation.time
        );
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "IdentityCheck(bytes32 commitment,bytes32 subject,uint16 factors,uint8 level,uint64 time)"
                ),
                c.commitment,
                c.subject,
                c.factors,
                c.level,
                c.time
            )
        );
        equal(registry.identityCheckDigest(c), digestIn(registry.domainSeparator(), hash), "identity check");
        equal(address(registry.participants()), address(participants), "participants");
    }

    function test_TheRepresentativeMaySign() external {
        signAll(REPRESENTATIVE, WORKER, ISSUER);
        conclude();
    }

    function test_AContractWalletMaySign() external {
        ContractWallet wallet = new ContractWallet(vm.addr(0xF00));
        vm.etch(vm.addr(AGENT), address(wallet).code);
        signEmployer(0xF00, vm.addr(AGENT), 1);
        conclude();
    }

    function test_AContractWalletThatSaysNoIsRefused() external {
        ContractWallet wallet = new ContractWallet(vm.addr(0xF00));
        vm.etch(vm.addr(AGENT), address(wallet).code);
        employerRefused();
    }

    function test_IsWrittenOnce() external {
        conclude();
        vm.expectRevert(
            abi.encodeWithSelector(ILaborContractRegistry.VersionNotHigher.selector, CONTRACT, 3, 3)
        );
        conclude();
        terms.version = 4;
        signAll(AGENT, WORKER, ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(ILaborContractRegistry.CommitmentUsed.selector, terms.commitment)
        );
        conclude();
    }

    function test_TheNextVersionNamesItsPredecessor() external {
        conclude();
        bytes32 first = terms.commitment;
        terms.commitment = keccak256("second");
        terms.version = 5;
        signAll(AGENT, WORKER, ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(ILaborContractRegistry.PreviousMismatch.selector, CONTRACT, 0, first)
        );
        conclude();
        terms.prev = first;
        signAll(AGENT, WORKER, ISSUER);
        conclude();
        (uint32 version, bytes32 commitment) = registry.latest(CONTRACT);
        equal(version, 5, "version");
        equal(commitment, terms.commitment, "commitment");
        equal(registry.record(CONTRACT, 3).commitment, first, "the first version stands");
    }

    function test_AFirstVersionNamesNoPredecessor() external {
        terms.prev = keccak256("never concluded");
        signAll(AGENT, WORKER, ISSUER);
        refused(
            abi.encodeWithSelector(
                ILaborContractRegistry.PreviousMismatch.selector,
                CONTRACT,
                terms.prev,
                bytes32(0)
            )
        );
    }

    function test_AContractStaysWithItsOrganisation() external {
        conclude();
        terms.prev = terms.commitment;
        terms.commitment = keccak256("second");
        terms.version = 4;
        employer.orgId = keccak256("another organisation");
        signAll(AGENT, WORKER, ISSUER);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILaborContractRegistry.OrganisationMismatch.selector,
                CONTRACT,
                employer.orgId,
                ORG
            )
        );
        conclude();
    }
}
