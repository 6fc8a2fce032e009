// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ILaborContractRegistry} from "./interfaces/ILaborContractRegistry.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {ContractStatements} from "./libraries/ContractStatements.sol";
import {ShanghaiMonth} from "./libraries/ShanghaiMonth.sol";
import {SignerKeys} from "./libraries/SignerKeys.sol";
import {SaltedEIP712} from "./SaltedEIP712.sol";

/// @title Write-once registry of concluded labour contracts, see {ILaborContractRegistry}
contract LaborContractRegistry is ILaborContractRegistry, SaltedEIP712 {
    using ContractStatements for *;

    uint8 private constant ROLE_EMPLOYER = 1;
    uint8 private constant ROLE_WORKER = 2;
    uint8 private constant SCOPE_SIGN = 4;
    /// @dev Name, ID number and phone confirmed together by a provider, and an OTP checked by the identity service.
    uint8 private constant REQUIRED_LEVEL = 2;

    IParticipantRegistry private immutable _participants;

    mapping(bytes32 contractId => uint32 version) private _latest;
    mapping(bytes32 contractId => mapping(uint32 version => Record)) private _records;
    mapping(bytes32 commitment => bool) private _used;
    /// @dev Zero stands for all regions, or all months. Evidence packages prove these slots: the place in the layout stays.
    mapping(uint64 regionCode => mapping(uint32 month => uint64)) private _concluded;

    constructor(
        IParticipantRegistry participants_,
        string memory domainName,
        bytes32 domainSalt
    ) SaltedEIP712(domainName, domainSalt) {
        _participants = participants_;
    }

    /// @inheritdoc ILaborContractRegistry
    function conclude(
        Terms calldata terms,
        EmployerConsent calldata employer,
        WorkerConsent calldata worker,
        IssuerAttestation calldata attestation
    ) external {
        _requireNext(terms, employer.orgId);
        if (attestation.level < REQUIRED_LEVEL) revert AssuranceTooLow(attestation.level, REQUIRED_LEVEL);
        _requireEmployer(terms, employer);
        bytes32 workerKeyHash = _requireWorker(terms, worker);
        address issuer = _requireIssuer(terms, workerKeyHash, attestation);

        _latest[terms.contractId] = terms.version;
        _used[terms.commitment] = true;
        _records[terms.contractId][terms.version] = Record({
            commitment: terms.commitment,
            prev: terms.prev,
            orgId: employer.orgId,
            workerKeyHash: workerKeyHash,
            subject: attestation.subject,
            employerWallet: employer.wallet,
            level: attestation.level,
            attestationTime: attestation.time
        });
        _count(employer.orgId);
        emit Concluded(
            terms.contractId,
            employer.orgId,
            terms.commitment,
            terms.version,
            terms.prev,
            attestation.level,
            attestation.time,
            terms.expiry,
            employer.wallet,
            workerKeyHash,
            attestation.subject,
            attestation.checkDigest,
            issuer
        );
    }

    /// @inheritdoc ILaborContractRegistry
    function latest(bytes32 contractId) external view returns (uint32 version, bytes32 commitment) {
        version = _latest[contractId];
        commitment = _records[contractId][version].commitment;
    }

    /// @inheritdoc ILaborContractRegistry
    function record(bytes32 contractId, uint32 version) external view returns (Record memory) {
        return _records[contractId][version];
    }

    /// @inheritdoc ILaborContractRegistry
    function concludedCount(uint64 regionCode, uint32 month) external view returns (uint64) {
        return _concluded[regionCode][month];
    }

    /// @inheritdoc ILaborContractRegistry
    function consentDigest(Consent calldata consent) external view returns (bytes32) {
        return _digest(consent.structHash());
    }

    /// @inheritdoc ILaborContractRegistry
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32) {
        return _digest(attestation.structHash());
    }

    /// @inheritdoc ILaborContractRegistry
    function identityCheckDigest(IdentityCheck calldata check) external view returns (bytes32) {
        return _digest(check.structHash());
    }

    /// @inheritdoc ILaborContractRegistry
    function participants() external view returns (IParticipantRegistry) {
        return _participants;
    }

    /// @dev Four counters: a figure of a region, of a month, of both or of all is one slot that can be proven by itself.
    function _count(bytes32 orgId) private {
        (uint64 regionCode, , , ) = _participants.organisation(orgId);
        uint32 month = ShanghaiMonth.monthOf(block.timestamp);
        ++_concluded[0][0];
        ++_concluded[0][month];
        // An organisation registered without a region counts in the totals alone, once.
        if (regionCode == 0) return;
        ++_concluded[regionCode][0];
        ++_concluded[regionCode][month];
    }

    /// @dev The version rises, names its predecessor, stays with its organisation, and is new.
    function _requireNext(Terms calldata terms, bytes32 orgId) private view {
        if (terms.commitment == 0 || terms.contractId == 0) revert ZeroIdentifier();
        uint32 last = _latest[terms.contractId];
        if (terms.version <= last) revert VersionNotHigher(terms.contractId, terms.version, last);
        if (_used[terms.commitment]) revert CommitmentUsed(terms.commitment);
        Record storage previous = _records[terms.contractId][last];
        if (terms.prev != previous.commitment) {
            revert PreviousMismatch(terms.contractId, terms.prev, previous.commitment);
        }
        if (last != 0 && orgId != previous.orgId) {
            revert OrganisationMismatch(terms.contractId, orgId, previous.orgId);
        }
    }

    function _requireEmployer(Terms calldata terms, EmployerConsent calldata employer) private view {
        if (_participants.authorityOf(employer.orgId, employer.wallet) & SCOPE_SIGN == 0) {
            revert WalletNotAuthorised(employer.orgId, employer.wallet);
        }
        bytes32 digest = _digest(_consentHash(terms, ROLE_EMPLOYER, SignerKeys.ofWallet(employer.wallet)));
        if (!SignatureChecker.isValidSignatureNowCalldata(employer.wallet, digest, employer.signature)) {
            revert InvalidEmployerSignature(employer.wallet, digest);
        }
    }

    /// @dev Browsers hash what they sign with SHA-256, so the worker's signature is over the preimage, not its keccak.
    function _requireWorker(
        Terms calldata terms,
        WorkerConsent calldata worker
    ) private view returns (bytes32 keyHash) {
        if (uint256(worker.s) > SignerKeys.HALF_ORDER) revert HighS(worker.s);
        keyHash = SignerKeys.ofP256(worker.qx, worker.qy);
        bytes32 structHash = _consentHash(terms, ROLE_WORKER, keyHash);
        bytes32 preimageHash = sha256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
        if (!P256.verify(preimageHash, worker.r, worker.s, worker.qx, worker.qy)) {
            revert InvalidWorkerSignature(keyHash, preimageHash);
        }
    }

    function _requireIssuer(
        Terms calldata terms,
        bytes32 workerKeyHash,
        IssuerAttestation calldata attestation
    ) private view returns (address issuer) {
        bytes32 digest = _digest(
            Attestation({
                commitment: terms.commitment,
                contractId: terms.contractId,
                signerKeyHash: workerKeyHash,
                subject: attestation.subject,
                level: attestation.level,
                checkDigest: attestation.checkDigest,
                time: attestation.time
            }).structHash()
        );
        ECDSA.RecoverError problem;
        (issuer, problem, ) = ECDSA.tryRecoverCalldata(digest, attestation.signature);
        if (problem != ECDSA.RecoverError.NoError) revert InvalidAttestationSignature(digest);
        if (!_participants.isIssuer(issuer)) revert UnknownIssuer(issuer);
    }

    function _consentHash(Terms calldata terms, uint8 role, bytes32 keyHash) private pure returns (bytes32) {
        return
            Consent({
                commitment: terms.commitment,
                contractId: terms.contractId,
                version: terms.version,
                prev: terms.prev,
                role: role,
                signerKeyHash: keyHash,
                expiry: terms.expiry
            }).structHash();
    }
}
