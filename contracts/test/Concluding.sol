// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILaborContractRegistry} from "../src/interfaces/ILaborContractRegistry.sol";
import {Installation} from "./Installation.sol";

/// @dev An installation with an authorised agent, and a contract's version ready to be concluded.
abstract contract Concluding is Installation {
    uint256 internal constant WORKER = 0x1234567;
    bytes32 internal constant CONTRACT = keccak256("contract");

    ILaborContractRegistry.Terms internal terms;
    ILaborContractRegistry.EmployerConsent internal employer;
    ILaborContractRegistry.WorkerConsent internal worker;
    ILaborContractRegistry.IssuerAttestation internal attestation;

    function setUp() public virtual {
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

    function consent(uint8 role, bytes32 keyHash) internal view returns (ILaborContractRegistry.Consent memory) {
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

    function structHash(ILaborContractRegistry.Consent memory c) internal pure returns (bytes32) {
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

    function signEmployer(uint256 key, address wallet, uint8 role) internal {
        employer.wallet = wallet;
        bytes32 keyHash = sha256(abi.encodePacked(wallet));
        employer.signature = signed(key, digestIn(registry.domainSeparator(), structHash(consent(role, keyHash))));
    }

    function workerKeyHash(uint256 key) internal pure returns (bytes32) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return sha256(abi.encodePacked(hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004", x, y));
    }

    function signWorker(uint256 key, uint8 role) internal {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        bytes32 hash = structHash(consent(role, workerKeyHash(key)));
        bytes32 preimage = sha256(abi.encodePacked(hex"1901", registry.domainSeparator(), hash));
        (bytes32 r, bytes32 s) = signedP256(key, preimage);
        worker = ILaborContractRegistry.WorkerConsent(bytes32(x), bytes32(y), r, s);
    }

    function attestationDigest(bytes32 keyHash) internal view returns (bytes32) {
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

    function attest(uint256 issuer, uint256 workerKey) internal {
        attestation.signature = signed(issuer, attestationDigest(workerKeyHash(workerKey)));
    }

    function signAll(uint256 walletKey, uint256 workerKey, uint256 issuer) internal {
        signEmployer(walletKey, vm.addr(walletKey), 1);
        signWorker(workerKey, 2);
        attest(issuer, workerKey);
    }

    function conclude() internal {
        registry.conclude(terms, employer, worker, attestation);
    }

    function refused(bytes memory reason) internal {
        vm.expectRevert(reason);
        registry.conclude(terms, employer, worker, attestation);
        (uint32 version, ) = registry.latest(CONTRACT);
        equal(version, 0, "nothing was recorded");
    }

    function workerRefused() internal {
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

    function employerRefused() internal {
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
}
