// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {ParticipantStatements} from "./libraries/ParticipantStatements.sol";
import {SaltedEIP712} from "./SaltedEIP712.sol";

/// @title Registry of the participants and their keys, see {IParticipantRegistry}
contract ParticipantRegistry is IParticipantRegistry, SaltedEIP712, AccessManaged {
    using ParticipantStatements for *;

    struct Organisation {
        address representative;
        uint64 nonce;
        uint64 regionCode;
        bytes32 sealKeyHash;
    }

    struct Authority {
        uint8 scope;
        uint64 validUntil;
    }

    /// @dev Draft, send and sign together.
    uint8 private constant FULL_SCOPE = 7;

    mapping(bytes32 orgId => Organisation) private _organisations;
    mapping(bytes32 orgId => mapping(address agent => Authority)) private _agents;
    mapping(address registrar => KeyStatus) private _registrars;
    mapping(address issuer => KeyStatus) private _issuers;

    constructor(
        address authority,
        string memory domainName,
        bytes32 domainSalt
    ) SaltedEIP712(domainName, domainSalt) AccessManaged(authority) {}

    /// @inheritdoc IParticipantRegistry
    function registerOrganisation(
        RegisterOrganisation calldata statement,
        address registrar,
        bytes calldata signature
    ) external {
        if (statement.orgId == 0 || statement.representative == address(0)) revert ZeroIdentifier();
        Organisation storage org = _organisations[statement.orgId];
        if (org.representative != address(0)) revert OrganisationExists(statement.orgId);
        _requireRegistrar(registrar, statement.structHash(), signature);
        _useNonce(org, statement.orgId, statement.nonce);
        org.representative = statement.representative;
        org.regionCode = statement.regionCode;
        org.sealKeyHash = statement.sealKeyHash;
        emit OrganisationRegistered(
            statement.orgId,
            statement.regionCode,
            statement.representative,
            statement.sealKeyHash,
            registrar,
            statement.nonce
        );
    }

    /// @inheritdoc IParticipantRegistry
    function replaceRepresentative(
        ReplaceRepresentative calldata statement,
        address registrar,
        bytes calldata signature
    ) external {
        if (statement.representative == address(0)) revert ZeroIdentifier();
        Organisation storage org = _known(statement.orgId);
        _requireRegistrar(registrar, statement.structHash(), signature);
        _useNonce(org, statement.orgId, statement.nonce);
        address previous = org.representative;
        org.representative = statement.representative;
        emit RepresentativeReplaced(
            statement.orgId,
            previous,
            statement.representative,
            registrar,
            statement.nonce
        );
    }

    /// @inheritdoc IParticipantRegistry
    function setSealKey(SetSealKey calldata statement, bytes calldata signature) external {
        Organisation storage org = _known(statement.orgId);
        _requireSignature(org.representative, statement.structHash(), signature);
        _useNonce(org, statement.orgId, statement.nonce);
        org.sealKeyHash = statement.sealKeyHash;
        emit SealKeySet(statement.orgId, statement.sealKeyHash, statement.nonce);
    }

    /// @inheritdoc IParticipantRegistry
    function grantAgent(GrantAgent calldata statement, bytes calldata signature) external {
        if (statement.agent == address(0)) revert ZeroIdentifier();
        if (statement.scope == 0 || statement.scope > FULL_SCOPE) revert InvalidScope(statement.scope);
        Organisation storage org = _known(statement.orgId);
        _requireSignature(org.representative, statement.structHash(), signature);
        _useNonce(org, statement.orgId, statement.nonce);
        _agents[statement.orgId][statement.agent] = Authority(statement.scope, statement.validUntil);
        emit AgentGranted(
            statement.orgId,
            statement.agent,
            statement.scope,
            statement.validUntil,
            statement.nonce
        );
    }

    /// @inheritdoc IParticipantRegistry
    function revokeAgent(RevokeAgent calldata statement, bytes calldata signature) external {
        Organisation storage org = _known(statement.orgId);
        if (_agents[statement.orgId][statement.agent].scope == 0) {
            revert AgentUnknown(statement.orgId, statement.agent);
        }
        _requireSignature(org.representative, statement.structHash(), signature);
        _useNonce(org, statement.orgId, statement.nonce);
        delete _agents[statement.orgId][statement.agent];
        emit AgentRevoked(statement.orgId, statement.agent, statement.nonce);
    }

    /// @inheritdoc IParticipantRegistry
    function appointRegistrar(address registrar) external restricted {
        _activate(_registrars, registrar);
        emit RegistrarAppointed(registrar);
    }

    /// @inheritdoc IParticipantRegistry
    function dismissRegistrar(address registrar) external restricted {
        _revoke(_registrars, registrar);
        emit RegistrarDismissed(registrar);
    }

    /// @inheritdoc IParticipantRegistry
    function authoriseIssuer(address issuer) external restricted {
        _activate(_issuers, issuer);
        emit IssuerAuthorised(issuer);
    }

    /// @inheritdoc IParticipantRegistry
    function revokeIssuer(address issuer) external restricted {
        _revoke(_issuers, issuer);
        emit IssuerRevoked(issuer);
    }

    /// @inheritdoc IParticipantRegistry
    function organisation(
        bytes32 orgId
    ) external view returns (uint64 regionCode, address representative, bytes32 sealKeyHash, uint64 nonce) {
        Organisation storage org = _organisations[orgId];
        return (org.regionCode, org.representative, org.sealKeyHash, org.nonce);
    }

    /// @inheritdoc IParticipantRegistry
    function grant(bytes32 orgId, address agent) external view returns (uint8 scope, uint64 validUntil) {
        Authority storage authority_ = _agents[orgId][agent];
        return (authority_.scope, authority_.validUntil);
    }

    /// @inheritdoc IParticipantRegistry
    function authorityOf(bytes32 orgId, address wallet) external view returns (uint8 scope) {
        if (wallet == address(0)) return 0;
        if (wallet == _organisations[orgId].representative) return FULL_SCOPE;
        return _agents[orgId][wallet].scope;
    }

    /// @inheritdoc IParticipantRegistry
    function isRegistrar(address registrar) external view returns (bool) {
        return _registrars[registrar] == KeyStatus.Active;
    }

    /// @inheritdoc IParticipantRegistry
    function isIssuer(address issuer) external view returns (bool) {
        return _issuers[issuer] == KeyStatus.Active;
    }

    /// @inheritdoc IParticipantRegistry
    function registrarStatus(address registrar) external view returns (KeyStatus) {
        return _registrars[registrar];
    }

    /// @inheritdoc IParticipantRegistry
    function issuerStatus(address issuer) external view returns (KeyStatus) {
        return _issuers[issuer];
    }

    function _known(bytes32 orgId) private view returns (Organisation storage org) {
        org = _organisations[orgId];
        if (org.representative == address(0)) revert OrganisationUnknown(orgId);
    }

    function _requireRegistrar(address registrar, bytes32 structHash, bytes calldata signature) private view {
        if (_registrars[registrar] != KeyStatus.Active) revert UnknownRegistrar(registrar);
        _requireSignature(registrar, structHash, signature);
    }

    function _requireSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        bytes32 digest = _digest(structHash);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert InvalidStatementSignature(signer, digest);
        }
    }

    function _useNonce(Organisation storage org, bytes32 orgId, uint64 nonce) private {
        if (nonce <= org.nonce) revert StaleNonce(orgId, nonce, org.nonce);
        org.nonce = nonce;
    }

    function _activate(mapping(address => KeyStatus) storage keys, address key) private {
        if (key == address(0)) revert ZeroIdentifier();
        if (keys[key] != KeyStatus.None) revert KeyStatusConflict(key, keys[key]);
        keys[key] = KeyStatus.Active;
    }

    function _revoke(mapping(address => KeyStatus) storage keys, address key) private {
        if (keys[key] != KeyStatus.Active) revert KeyStatusConflict(key, keys[key]);
        keys[key] = KeyStatus.Revoked;
    }
}
