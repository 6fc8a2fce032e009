// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Registry of the participants and their keys
/// @notice Holds organisations (salted id and region code, never a name), their legal representative's wallet and seal
///         key, their agents' wallets, and the keys of registrars and identity issuers.
/// @dev Organisations, agents and seals change by EIP-712 statements alone; who sends the transaction means nothing.
///      A statement's nonce must be higher than the organisation's last one: it can be used once, only in order, and a
///      statement that never arrives does not block the later ones. Registrars and issuers are set by the k-of-n account.
interface IParticipantRegistry {
    /// @notice Where a registrar's or issuer's key stands. A revoked key never becomes active again.
    enum KeyStatus {
        None,
        Active,
        Revoked
    }

    /// @notice Statement of a registrar: a reviewed organisation, its region and its representative's wallet.
    struct RegisterOrganisation {
        bytes32 orgId;
        uint64 regionCode;
        address representative;
        bytes32 sealKeyHash;
        uint64 nonce;
    }

    /// @notice Statement of a registrar: another wallet speaks for the organisation (lost wallet, new representative).
    struct ReplaceRepresentative {
        bytes32 orgId;
        address representative;
        uint64 nonce;
    }

    /// @notice Statement of the representative: SHA-256 of the seal key's SubjectPublicKeyInfo; zero takes it away.
    struct SetSealKey {
        bytes32 orgId;
        bytes32 sealKeyHash;
        uint64 nonce;
    }

    /// @notice Statement of the representative: what an agent may do (bits: 1 draft, 2 send, 4 sign).
    /// @dev validUntil (Unix seconds) is data for services and verifiers; no contract compares it with a block's time.
    struct GrantAgent {
        bytes32 orgId;
        address agent;
        uint8 scope;
        uint64 validUntil;
        uint64 nonce;
    }

    /// @notice Statement of the representative: the agent may do nothing any more.
    struct RevokeAgent {
        bytes32 orgId;
        address agent;
        uint64 nonce;
    }

    /// @notice An organisation was registered.
    event OrganisationRegistered(
        bytes32 indexed orgId,
        uint64 regionCode,
        address indexed representative,
        bytes32 sealKeyHash,
        address indexed registrar,
        uint64 nonce
    );
    /// @notice An organisation's representative has another wallet.
    event RepresentativeReplaced(
        bytes32 indexed orgId,
        address indexed previous,
        address indexed representative,
        address registrar,
        uint64 nonce
    );
    /// @notice An organisation's seal key was set.
    event SealKeySet(bytes32 indexed orgId, bytes32 sealKeyHash, uint64 nonce);
    /// @notice An agent was authorised, or his authority was written anew.
    event AgentGranted(bytes32 indexed orgId, address indexed agent, uint8 scope, uint64 validUntil, uint64 nonce);
    /// @notice An agent's authority was revoked.
    event AgentRevoked(bytes32 indexed orgId, address indexed agent, uint64 nonce);
    /// @notice The k-of-n account appointed a registrar.
    event RegistrarAppointed(address indexed registrar);
    /// @notice The k-of-n account dismissed a registrar.
    event RegistrarDismissed(address indexed registrar);
    /// @notice The k-of-n account authorised an identity issuer's key.
    event IssuerAuthorised(address indexed issuer);
    /// @notice The k-of-n account revoked an identity issuer's key.
    event IssuerRevoked(address indexed issuer);

    /// @notice The named registrar is not active.
    error UnknownRegistrar(address registrar);
    /// @notice The signature over the statement's digest is not the signer's.
    error InvalidStatementSignature(address signer, bytes32 digest);
    /// @notice The nonce is not higher than the organisation's last one.
    error StaleNonce(bytes32 orgId, uint64 given, uint64 last);
    /// @notice The organisation is registered already.
    error OrganisationExists(bytes32 orgId);
    /// @notice The organisation is not registered.
    error OrganisationUnknown(bytes32 orgId);
    /// @notice The agent has no authority that could be revoked.
    error AgentUnknown(bytes32 orgId, address agent);
    /// @notice A scope must be a combination of 1, 2 and 4, and not empty.
    error InvalidScope(uint8 scope);
    /// @notice An id or address is zero.
    error ZeroIdentifier();
    /// @notice The key's status does not allow this change.
    error KeyStatusConflict(address key, KeyStatus status);

    /// @notice Registers an organisation, once. Signed by `registrar`.
    function registerOrganisation(
        RegisterOrganisation calldata statement,
        address registrar,
        bytes calldata signature
    ) external;

    /// @notice Replaces the representative's wallet. Signed by `registrar`.
    function replaceRepresentative(
        ReplaceRepresentative calldata statement,
        address registrar,
        bytes calldata signature
    ) external;

    /// @notice Sets the seal key. Signed by the representative.
    function setSealKey(SetSealKey calldata statement, bytes calldata signature) external;

    /// @notice Authorises an agent, or writes his authority anew. Signed by the representative.
    function grantAgent(GrantAgent calldata statement, bytes calldata signature) external;

    /// @notice Revokes an agent's authority. Signed by the representative.
    function revokeAgent(RevokeAgent calldata statement, bytes calldata signature) external;

    /// @notice Appoints a registrar. Only by the k-of-n account, after its delay.
    function appointRegistrar(address registrar) external;

    /// @notice Dismisses a registrar, for good. Only by the k-of-n account, after its delay.
    function dismissRegistrar(address registrar) external;

    /// @notice Authorises an identity issuer's key. Only by the k-of-n account, after its delay.
    function authoriseIssuer(address issuer) external;

    /// @notice Revokes an identity issuer's key, for good. Only by the k-of-n account, after its delay.
    function revokeIssuer(address issuer) external;

    /// @notice An organisation's record; the representative is zero when it is unknown.
    function organisation(
        bytes32 orgId
    ) external view returns (uint64 regionCode, address representative, bytes32 sealKeyHash, uint64 nonce);

    /// @notice An agent's authority as granted; scope zero when there is none.
    function grant(bytes32 orgId, address agent) external view returns (uint8 scope, uint64 validUntil);

    /// @notice The scope in which a wallet may act for an organisation: all of it for the representative.
    function authorityOf(bytes32 orgId, address wallet) external view returns (uint8 scope);

    /// @notice Whether the key is an active registrar's.
    function isRegistrar(address registrar) external view returns (bool);

    /// @notice Whether the key is an active identity issuer's.
    function isIssuer(address issuer) external view returns (bool);

    /// @notice Status of a registrar's key.
    function registrarStatus(address registrar) external view returns (KeyStatus);

    /// @notice Status of an identity issuer's key.
    function issuerStatus(address issuer) external view returns (KeyStatus);
}
