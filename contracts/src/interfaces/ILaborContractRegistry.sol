// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "./IParticipantRegistry.sol";

/// @title Write-once registry of concluded labour contracts
/// @notice A contract's version is concluded when both parties consented to one commitment and the identity issuer vouched
///         for the worker's key; all three signatures are checked here (Labour Contract Law art. 16, e-contract guideline
///         art. 7 and 9). Nothing personal is stored: commitments, salted ids, key hashes and an assurance level only.
/// @dev No overwrite, no time comparison, no pause, no authority of the transaction's sender. Counters of what was concluded,
///      by region and month of the block, are kept for figures with proofs; nothing rests on them.
interface ILaborContractRegistry {
    /// @notice One party's consent, as signed. Role 1 is the employer, role 2 the worker.
    /// @dev signerKeyHash: SHA-256 of the wallet's 20 address bytes, or of the worker key's SubjectPublicKeyInfo.
    struct Consent {
        bytes32 commitment;
        bytes32 contractId;
        uint32 version;
        bytes32 prev;
        uint8 role;
        bytes32 signerKeyHash;
        uint64 expiry;
    }

    /// @notice Identity issuer's statement that the key is the worker's, who was checked at this level.
    struct Attestation {
        bytes32 commitment;
        bytes32 contractId;
        bytes32 signerKeyHash;
        bytes32 subject;
        uint8 level;
        bytes32 checkDigest;
        uint64 time;
    }

    /// @notice Identity issuer's statement, made before the text was shown, of how the worker was checked.
    struct IdentityCheck {
        bytes32 commitment;
        bytes32 subject;
        uint16 factors;
        uint8 level;
        uint64 time;
    }

    /// @notice What both parties consented to.
    struct Terms {
        bytes32 commitment;
        bytes32 contractId;
        uint32 version;
        bytes32 prev;
        uint64 expiry;
    }

    /// @notice The employer's consent: organisation, wallet that signed for it, signature (ECDSA or ERC-1271).
    struct EmployerConsent {
        bytes32 orgId;
        address wallet;
        bytes signature;
    }

    /// @notice The worker's consent: P-256 public key and signature over SHA-256 of the 66-byte EIP-712 preimage.
    struct WorkerConsent {
        bytes32 qx;
        bytes32 qy;
        bytes32 r;
        bytes32 s;
    }

    /// @notice The identity issuer's Attestation, without the fields that follow from the others, and its signature.
    struct IssuerAttestation {
        bytes32 subject;
        uint8 level;
        bytes32 checkDigest;
        uint64 time;
        bytes signature;
    }

    /// @notice What is kept of a concluded version.
    struct Record {
        bytes32 commitment;
        bytes32 prev;
        bytes32 orgId;
        bytes32 workerKeyHash;
        bytes32 subject;
        address employerWallet;
        uint8 level;
        uint64 attestationTime;
    }

    /// @notice A version of a labour contract was concluded by both parties.
    event Concluded(
        bytes32 indexed contractId,
        bytes32 indexed orgId,
        bytes32 indexed commitment,
        uint32 version,
        bytes32 prev,
        uint8 level,
        uint64 attestationTime,
        uint64 expiry,
        address employerWallet,
        bytes32 workerKeyHash,
        bytes32 subject,
        bytes32 checkDigest,
        address issuer
    );

    /// @notice Commitment or contract id is zero.
    error ZeroIdentifier();
    /// @notice The version is not higher than the last concluded one.
    error VersionNotHigher(bytes32 contractId, uint32 given, uint32 last);
    /// @notice `prev` is not the last concluded commitment.
    error PreviousMismatch(bytes32 contractId, bytes32 given, bytes32 expected);
    /// @notice The contract belongs to another organisation.
    error OrganisationMismatch(bytes32 contractId, bytes32 given, bytes32 expected);
    /// @notice The commitment was concluded before.
    error CommitmentUsed(bytes32 commitment);
    /// @notice The worker's identity was checked at too low a level.
    error AssuranceTooLow(uint8 level, uint8 required);
    /// @notice The wallet may not sign for the organisation.
    error WalletNotAuthorised(bytes32 orgId, address wallet);
    /// @notice The employer's signature does not fit wallet and digest.
    error InvalidEmployerSignature(address wallet, bytes32 digest);
    /// @notice The worker's signature has its s in the upper half of the group order.
    error HighS(bytes32 s);
    /// @notice The worker's signature does not fit key and preimage.
    error InvalidWorkerSignature(bytes32 keyHash, bytes32 preimageHash);
    /// @notice The attestation's signature is malformed.
    error InvalidAttestationSignature(bytes32 digest);
    /// @notice The attestation's signer is not an active identity issuer.
    error UnknownIssuer(address recovered);

    /// @notice Records that both parties concluded a version of a contract.
    /// @param terms What both consented to.
    /// @param employer Consent with role 1; the wallet is the representative's or an agent's with the scope to sign.
    /// @param worker Consent with role 2.
    /// @param attestation Identity issuer's statement for the worker's key, level 2 or higher.
    function conclude(
        Terms calldata terms,
        EmployerConsent calldata employer,
        WorkerConsent calldata worker,
        IssuerAttestation calldata attestation
    ) external;

    /// @notice Last concluded version and its commitment; zeros when nothing was concluded.
    function latest(bytes32 contractId) external view returns (uint32 version, bytes32 commitment);

    /// @notice What is kept of a version; all zeros when it was not concluded.
    function record(bytes32 contractId, uint32 version) external view returns (Record memory);

    /// @notice Number of contract versions concluded in a region and month.
    /// @param regionCode Code under which the organisation is registered; 0 for all regions.
    /// @param month 100 x year + month of the block in which they were concluded, in Asia/Shanghai; 0 for all months.
    function concludedCount(uint64 regionCode, uint32 month) external view returns (uint64);

    /// @notice EIP-712 digest of a Consent in this registry's domain.
    function consentDigest(Consent calldata consent) external view returns (bytes32);

    /// @notice EIP-712 digest of an Attestation in this registry's domain.
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32);

    /// @notice EIP-712 digest of an IdentityCheck in this registry's domain.
    function identityCheckDigest(IdentityCheck calldata check) external view returns (bytes32);

    /// @notice The registry in which wallets and issuers are looked up.
    function participants() external view returns (IParticipantRegistry);
}
