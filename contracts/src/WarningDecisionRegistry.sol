// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {IWarningDecisionRegistry} from "./interfaces/IWarningDecisionRegistry.sol";
import {ShanghaiMonth} from "./libraries/ShanghaiMonth.sol";
import {WarningStatements} from "./libraries/WarningStatements.sol";
import {SaltedEIP712} from "./SaltedEIP712.sol";

/// @title Write-once registry of decisions about risk warnings, see {IWarningDecisionRegistry}
contract WarningDecisionRegistry is IWarningDecisionRegistry, SaltedEIP712, AccessManaged {
    using WarningStatements for *;

    struct Warning {
        Status status;
        uint8 grade;
        uint32 sequence;
        uint64 townCode;
    }

    uint8 private constant BLUE = 1;
    uint8 private constant YELLOW = 2;
    uint8 private constant ORANGE = 3;
    uint8 private constant RED = 4;

    IParticipantRegistry private immutable _participants;

    mapping(bytes32 warningId => Warning) private _warnings;
    mapping(bytes32 warningId => mapping(uint32 sequence => Record)) private _records;
    /// @dev Zero stands for all towns, or all months. The four grades of a tally share one slot, which can be proven by
    ///      itself: its place in the layout stays.
    mapping(Kind kind => mapping(uint64 townCode => mapping(uint32 month => Tally))) private _counted;
    mapping(address officer => KeyStatus) private _officers;
    mapping(address key => KeyStatus) private _ruleKeys;

    constructor(
        IParticipantRegistry participants_,
        address authority,
        string memory domainName,
        bytes32 domainSalt,
        address[] memory ruleKeys
    ) SaltedEIP712(domainName, domainSalt) AccessManaged(authority) {
        _participants = participants_;
        for (uint256 i = 0; i < ruleKeys.length; ++i) _authoriseRuleKey(ruleKeys[i]);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function decide(WarningStep calldata step, Signature calldata officer) external {
        if (step.kind == Kind.Close) revert WrongKind(step.kind);
        bytes32 digest = _digest(step.structHash());
        _requireOfficer(officer, digest);
        _take(step, digest, officer.signer, address(0), false);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function issueByRule(WarningStep calldata step, Signature calldata ruleKey) external {
        if (step.kind != Kind.Issue) revert WrongKind(step.kind);
        if (step.grade != RED) revert OnlyRed(step.grade);
        if (_ruleKeys[ruleKey.signer] != KeyStatus.Active) revert UnknownRuleKey(ruleKey.signer);
        bytes32 digest = _digest(step.structHash());
        _requireSignature(ruleKey, digest);
        _take(step, digest, ruleKey.signer, address(0), true);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function close(WarningStep calldata step, Signature calldata officer, Signature calldata reviewer) external {
        if (step.kind != Kind.Close) revert WrongKind(step.kind);
        if (officer.signer == reviewer.signer) revert SecondPersonNeeded(officer.signer);
        bytes32 digest = _digest(step.structHash());
        _requireOfficer(officer, digest);
        _requireOfficer(reviewer, digest);
        _take(step, digest, officer.signer, reviewer.signer, false);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function appointOfficer(AppointOfficer calldata statement, Signature calldata registrar) external {
        address officer = statement.officer;
        _requireRegistrar(registrar, statement.structHash());
        _requireUnused(officer);
        _officers[officer] = KeyStatus.Active;
        emit OfficerAppointed(officer, registrar.signer);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function dismissOfficer(DismissOfficer calldata statement, Signature calldata registrar) external {
        address officer = statement.officer;
        _requireRegistrar(registrar, statement.structHash());
        if (_officers[officer] != KeyStatus.Active) {
            revert KeyStatusConflict(officer, _officers[officer], _ruleKeys[officer]);
        }
        _officers[officer] = KeyStatus.Revoked;
        emit OfficerDismissed(officer, registrar.signer);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function authoriseRuleKey(address key) external restricted {
        _authoriseRuleKey(key);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function revokeRuleKey(address key) external restricted {
        if (_ruleKeys[key] != KeyStatus.Active) revert KeyStatusConflict(key, _officers[key], _ruleKeys[key]);
        _ruleKeys[key] = KeyStatus.Revoked;
        emit RuleKeyRevoked(key);
    }

    /// @inheritdoc IWarningDecisionRegistry
    function warning(
        bytes32 warningId
    ) external view returns (Status status, uint8 grade, uint32 sequence, uint64 townCode, bytes32 lastDigest) {
        Warning storage found = _warnings[warningId];
        return (
            found.status,
            found.grade,
            found.sequence,
            found.townCode,
            _records[warningId][found.sequence].digest
        );
    }

    /// @inheritdoc IWarningDecisionRegistry
    function record(bytes32 warningId, uint32 sequence) external view returns (Record memory) {
        return _records[warningId][sequence];
    }

    /// @inheritdoc IWarningDecisionRegistry
    function counted(Kind kind, uint64 townCode, uint32 month) external view returns (Tally memory) {
        return _counted[kind][townCode][month];
    }

    /// @inheritdoc IWarningDecisionRegistry
    function officerStatus(address officer) external view returns (KeyStatus) {
        return _officers[officer];
    }

    /// @inheritdoc IWarningDecisionRegistry
    function ruleKeyStatus(address key) external view returns (KeyStatus) {
        return _ruleKeys[key];
    }

    /// @inheritdoc IWarningDecisionRegistry
    function stepDigest(WarningStep calldata step) external view returns (bytes32) {
        return _digest(step.structHash());
    }

    /// @inheritdoc IWarningDecisionRegistry
    function participants() external view returns (IParticipantRegistry) {
        return _participants;
    }

    /// @dev Writes a step whose signatures were checked.
    function _take(
        WarningStep calldata step,
        bytes32 digest,
        address decidedBy,
        address reviewedBy,
        bool automatic
    ) private {
        _advance(step, automatic);
        _records[step.warningId][step.sequence] = Record({
            digest: digest,
            inputHash: step.inputHash,
            ruleSetHash: step.ruleSetHash,
            decidedBy: decidedBy,
            time: step.time,
            kind: step.kind,
            grade: step.grade,
            automatic: automatic,
            reviewedBy: reviewedBy
        });
        _count(step);
        emit WarningDecided(
            step.warningId,
            step.townCode,
            step.kind,
            step.sequence,
            step.grade,
            step.inputHash,
            step.ruleSetHash,
            step.prev,
            digest,
            step.time,
            decidedBy,
            reviewedBy,
            automatic
        );
    }

    function _advance(WarningStep calldata step, bool automatic) private {
        _requireNext(step);
        Status status = _statusAfter(step, automatic);
        _requireGrade(step);
        _warnings[step.warningId] = Warning(status, step.grade, step.sequence, step.townCode);
    }

    /// @dev Four tallies, so that a figure of a town, of a month, of both or of all is one slot.
    function _count(WarningStep calldata step) private {
        uint32 month = ShanghaiMonth.monthOf(block.timestamp);
        mapping(uint64 => mapping(uint32 => Tally)) storage tallies = _counted[step.kind];
        _add(tallies[0][0], step.grade);
        _add(tallies[0][month], step.grade);
        _add(tallies[step.townCode][0], step.grade);
        _add(tallies[step.townCode][month], step.grade);
    }

    function _add(Tally storage tally, uint8 grade) private {
        if (grade == BLUE) ++tally.blue;
        else if (grade == YELLOW) ++tally.yellow;
        else if (grade == ORANGE) ++tally.orange;
        else ++tally.red;
    }

    function _authoriseRuleKey(address key) private {
        _requireUnused(key);
        _ruleKeys[key] = KeyStatus.Active;
        emit RuleKeyAuthorised(key);
    }

    /// @dev The warning's next step, on the one before, under the same code.
    function _requireNext(WarningStep calldata step) private view {
        if (step.warningId == 0 || step.inputHash == 0 || step.ruleSetHash == 0) revert ZeroIdentifier();
        Warning storage last = _warnings[step.warningId];
        if (step.sequence != last.sequence + 1) {
            revert SequenceMismatch(step.warningId, step.sequence, last.sequence + 1);
        }
        bytes32 expected = _records[step.warningId][last.sequence].digest;
        if (step.prev != expected) revert PreviousMismatch(step.warningId, step.prev, expected);
        if (last.sequence == 0) {
            if (!_isTownCode(step.townCode)) revert InvalidTownCode(step.townCode);
        } else if (step.townCode != last.townCode) {
            revert TownMismatch(step.warningId, step.townCode, last.townCode);
        }
    }

    /// @dev A rise goes up, reopening goes exactly one up (red stays red), everything else keeps the grade.
    function _requireGrade(WarningStep calldata step) private view {
        if (step.grade < BLUE || step.grade > RED) revert InvalidGrade(step.grade);
        if (step.kind == Kind.Issue) return;
        uint8 least = _warnings[step.warningId].grade;
        uint8 most = least;
        if (step.kind == Kind.Raise) (least, most) = (least + 1, RED);
        else if (step.kind == Kind.Reopen && least < RED) (least, most) = (least + 1, least + 1);
        if (step.grade < least || step.grade > most) {
            revert GradeNotAllowed(step.warningId, step.grade, least, most);
        }
    }

    /// @dev What a step makes of a warning; reverts where the warning cannot take it.
    function _statusAfter(WarningStep calldata step, bool automatic) private view returns (Status) {
        Status status = _warnings[step.warningId].status;
        Kind kind = step.kind;
        if (kind == Kind.Issue && status == Status.None) return automatic ? Status.Unconfirmed : Status.Open;
        if (kind == Kind.Raise && status == Status.Open) return Status.Open;
        if (kind == Kind.Confirm && status == Status.Unconfirmed) return Status.Open;
        if (kind == Kind.Lift && status == Status.Unconfirmed) return Status.Lifted;
        if (kind == Kind.Close && status == Status.Open) return Status.Closed;
        if (kind == Kind.Reopen && (status == Status.Closed || status == Status.Lifted)) return Status.Open;
        revert StepNotAllowed(step.warningId, status, kind);
    }

    function _requireOfficer(Signature calldata officer, bytes32 digest) private view {
        if (_officers[officer.signer] != KeyStatus.Active) revert UnknownOfficer(officer.signer);
        _requireSignature(officer, digest);
    }

    function _requireRegistrar(Signature calldata registrar, bytes32 structHash) private view {
        if (!_participants.isRegistrar(registrar.signer)) revert UnknownRegistrar(registrar.signer);
        _requireSignature(registrar, _digest(structHash));
    }

    function _requireSignature(Signature calldata by, bytes32 digest) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(by.signer, digest, by.signature)) {
            revert InvalidStatementSignature(by.signer, digest);
        }
    }

    /// @dev A key is a person's or a machine's, never both, and never comes back.
    function _requireUnused(address key) private view {
        if (key == address(0)) revert ZeroIdentifier();
        if (_officers[key] != KeyStatus.None || _ruleKeys[key] != KeyStatus.None) {
            revert KeyStatusConflict(key, _officers[key], _ruleKeys[key]);
        }
    }

    function _isTownCode(uint64 code) private pure returns (bool) {
        return (code >= 100_000_000 && code <= 999_999_999) || (code >= 100_000 && code <= 999_999);
    }
}
