// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ILaborContractRegistry} from "../src/interfaces/ILaborContractRegistry.sol";
import {Installation} from "./Installation.sol";

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

contract LaborContractRegistryTest is Installation {
    uint256 private constant WORKER = 0x1234567;
    bytes32 private constant CONTRACT = keccak256("contract");

    ILaborContractRegistry.Terms private terms;
    ILaborContractRegistry.EmployerConsent private employer;
    ILaborContractRegistry.WorkerConsent private worker;
    ILaborContractRegistry.IssuerAttestation private attestation;

    function setUp() external {
        install();
        register(1);
        grantTo(AGENT, 6, 2);
        terms = ILaborContractRegistry.Terms(keccak256("commitment"), CONTRACT, 3, 0, 1_900_000_000);
        attestation.subject = keccak256("subject");
        attestation.level = 2;
        attestation.checkDigest = keccak256("check");
        attestation.time = 1_800_000_000;
        employer.orgId = ORG;
        signAll(AGENT, WORKER, ISSUER);
    }

    function consent(uint8 role, bytes32 keyHash) private view returns (ILaborContractRegistry.Consent memory) {
        return
            ILaborContractRegistry.Consent(
                terms.commitment,
                terms.contractId,
                terms.version,
                terms.prev,
                role,
                keyHash,
                terms.expiry
            );
    }

    function structHash(ILaborContractRegistry.Consent memory c) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "Consent(bytes32 commitment,bytes32 contractId,uint32 version,bytes32 prev,uint8 role,bytes32 signerKeyHash,uint64 expiry)"
                    ),
                    c.commitment,
                    c.contractId,
                    c.version,
                    c.prev,
                    c.role,
                    c.signerKeyHash,
                    c.expiry
                )
            );
    }

    function signEmployer(uint256 key, address wallet, uint8 role) private {
        employer.wallet = wallet;
        bytes32 keyHash = sha256(abi.encodePacked(wallet));
        employer.signature = signed(key, digestIn(registry.domainSeparator(), structHash(consent(role, keyHash))));
    }

    function workerKeyHash(uint256 key) private pure returns (bytes32) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return sha256(abi.encodePacked(hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004", x, y));
    }

    function signWorker(uint256 key, uint8 role) private {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        bytes32 hash = structHash(consent(role, workerKeyHash(key)));
        bytes32 preimage = sha256(abi.encodePacked(hex"1901", registry.domainSeparator(), hash));
        (bytes32 r, bytes32 s) = signedP256(key, preimage);
        worker = ILaborContractRegistry.WorkerConsent(bytes32(x), bytes32(y), r, s);
    }

    function attestationDigest(bytes32 keyHash) private view returns (bytes32) {
        return
            digestIn(
                registry.domainSeparator(),
                keccak256(
                    abi.encode(
                        keccak256(
                            "Attestation(bytes32 commitment,bytes32 contractId,bytes32 signerKeyHash,bytes32 subject,uint8 level,bytes32 checkDigest,uint64 time)"
                        ),
                        terms.commitment,
                        terms.contractId,
                        keyHash,
                        attestation.subject,
                        attestation.level,
                        attestation.checkDigest,
                        attestation.time
                    )
                )
            );
    }

    function attest(uint256 issuer, uint256 workerKey) private {
        attestation.signature = signed(issuer, attestationDigest(workerKeyHash(workerKey)));
    }

    function signAll(uint256 walletKey, uint256 workerKey, uint256 issuer) private {
        signEmployer(walletKey, vm.addr(walletKey), 1);
        signWorker(workerKey, 2);
        attest(issuer, workerKey);
    }

    function conclude() private {
        registry.conclude(terms, employer, worker, attestation);
    }

    function refused(bytes memory reason) private {
        vm.expectRevert(reason);
        registry.conclude(terms, employer, worker, attestation);
        (uint32 version, ) = registry.latest(CONTRACT);
        equal(version, 0, "nothing was recorded");
    }

    function workerRefused() private {
        (uint256 x, uint256 y) = (uint256(worker.qx), uint256(worker.qy));
        bytes32 keyHash = sha256(
            abi.encodePacked(hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004", x, y)
        );
        bytes32 preimage = sha256(
            abi.encodePacked(hex"1901", registry.domainSeparator(), structHash(consent(2, keyHash)))
        );
        refused(
            abi.encodeWithSelector(ILaborContractRegistry.InvalidWorkerSignature.selector, keyHash, preimage)
        );
    }

    function employerRefused() private {
        bytes32 keyHash = sha256(abi.encodePacked(employer.wallet));
        bytes32 digest = digestIn(registry.domainSeparator(), structHash(consent(1, keyHash)));
        refused(
            abi.encodeWithSelector(
                ILaborContractRegistry.InvalidEmployerSignature.selector,
                employer.wallet,
                digest
            )
        );
    }

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

    function test_RefusesZeroIds() external {
        terms.commitment = 0;
        refused(abi.encodeWithSelector(ILaborContractRegistry.ZeroIdentifier.selector));
        terms.commitment = keccak256("commitment");
        terms.version = 0;
        refused(abi.encodeWithSelector(ILaborContractRegistry.VersionNotHigher.selector, CONTRACT, 0, 0));
    }

    function testFuzz_RefusesLevelsBelowTwo(uint8 level) external {
        attestation.level = level;
        attest(ISSUER, WORKER);
        if (level < 2) {
            refused(abi.encodeWithSelector(ILaborContractRegistry.AssuranceTooLow.selector, level, 2));
        } else {
            conclude();
        }
    }

    function test_RefusesAWalletWithoutTheScopeToSign() external {
        grantTo(AGENT, 3, 4);
        refused(
            abi.encodeWithSelector(ILaborContractRegistry.WalletNotAuthorised.selector, ORG, vm.addr(AGENT))
        );
    }

    function test_RefusesARevokedAgent() external {
        revoke(AGENT, 4);
        refused(
            abi.encodeWithSelector(ILaborContractRegistry.WalletNotAuthorised.selector, ORG, vm.addr(AGENT))
        );
    }

    function test_RefusesAnotherSignersWallet() external {
        signEmployer(0xBAD, vm.addr(AGENT), 1);
        employerRefused();
    }

    function test_RolesAreNotInterchangeable() external {
        signEmployer(AGENT, vm.addr(AGENT), 2);
        employerRefused();
        signEmployer(AGENT, vm.addr(AGENT), 1);
        signWorker(WORKER, 1);
        workerRefused();
    }

    function test_RefusesAHighS() external {
        bytes32 low = worker.s;
        worker.s = bytes32(P256_ORDER - uint256(low));
        refused(abi.encodeWithSelector(ILaborContractRegistry.HighS.selector, worker.s));
        (bytes32 r, bytes32 s, uint8 v) = split(employer.signature);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        employer.signature = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        worker.s = low;
        employerRefused();
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function testFuzz_RefusesAlteredTerms(uint8 field, uint32 change) external {
        vm.assume(change != 0);
        if (field % 3 == 0) terms.commitment ^= bytes32(uint256(change));
        else if (field % 3 == 1) terms.version ^= change;
        else terms.expiry ^= change;
        vm.assume(terms.version != 0);
        employerRefused();
    }

    function testFuzz_RefusesAnAlteredWorkerSignature(uint8 bit, bool inR) external {
        if (inR) worker.r ^= bytes32(uint256(1) << bit);
        else worker.s ^= bytes32(uint256(1) << (bit % 254));
        vm.assume(uint256(worker.s) <= P256_ORDER / 2);
        workerRefused();
    }

    function test_RefusesAnotherWorkersKey() external {
        (uint256 x, uint256 y) = vm.publicKeyP256(0x777);
        (worker.qx, worker.qy) = (bytes32(x), bytes32(y));
        workerRefused();
    }

    function test_RefusesAPointOffTheCurve() external {
        worker.qy = bytes32(uint256(worker.qy) ^ 1);
        workerRefused();
    }

    function test_RefusesAnAttestationForAnotherKey() external {
        attest(ISSUER, 0x777);
        vm.expectRevert();
        conclude();
    }

    function test_RefusesAStrangersAttestation() external {
        attest(0xBAD, WORKER);
        refused(abi.encodeWithSelector(ILaborContractRegistry.UnknownIssuer.selector, vm.addr(0xBAD)));
    }

    function test_RefusesAMalformedAttestation() external {
        attestation.signature = hex"00";
        refused(
            abi.encodeWithSelector(
                ILaborContractRegistry.InvalidAttestationSignature.selector,
                attestationDigest(workerKeyHash(WORKER))
            )
        );
    }

    function test_RefusesSignaturesForAnotherChain() external {
        vm.chainId(block.chainid + 1);
        employerRefused();
    }
}
