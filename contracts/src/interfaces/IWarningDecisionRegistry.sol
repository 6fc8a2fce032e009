// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "./IParticipantRegistry.sol";

/// @title Write-once registry of decisions about risk warnings
/// @notice Says who decided what about a warning, on which data and under which rule set. Nothing names or describes an
///         enterprise: a salted id, hashes, a grade, and the code of a town (9 digits) or, for sole traders, of a district
///         (6 digits). A warning is a lead for a person, never a penalty: what the rules issue by themselves stands as
///         unconfirmed until an officer confirms or lifts it, and only two officers together close a warning.
/// @dev Steps are keyed by warning and sequence and are written once; each names the digest of the one before. Statements
///      decide, not senders. No time is compared with a block's. Officers are appointed by a registrar's statement, keys of
///      the rule run by the k-of-n account. Both end for good.
interface IWarningDecisionRegistry {
    /// @notice What a step does.
    enum Kind {
        None,
        Issue,
        Raise,
        Confirm,
        Lift,
        Close,
        Reopen
    }

    /// @notice Where a warning stands. Unconfirmed: issued by the rules, no person has decided yet.
    enum Status {
        None,
        Unconfirmed,
        Open,
        Lifted,
        Closed
    }

    /// @notice Where an officer's or a rule run's key stands. A revoked key never becomes active again.
    enum KeyStatus {
        None,
        Active,
        Revoked
    }

    /// @notice A decision, as signed. EIP-712 type `WarningStep`, with `kind` as uint8.
    /// @dev grade: 1 blue, 2 yellow, 3 orange, 4 red. inputHash: snapshot of the data that was looked at. prev: digest of the
    ///      step before, zero for the first. time: Unix seconds, stated by who signs.
    struct WarningStep {
        bytes32 warningId;
        uint32 sequence;
        Kind kind;
        uint8 grade;
        uint64 townCode;
        bytes32 inputHash;
        bytes32 ruleSetHash;
        bytes32 prev;
        uint64 time;
    }

    /// @notice Who signed a statement: ECDSA, or ERC-1271 for a wallet that is a contract.
    struct Signature {
        address signer;
        bytes signature;
    }

    /// @notice Statement of a registrar: this wallet belongs to an officer who decides about warnings.
    struct AppointOfficer {
        address officer;
    }

    /// @notice Statement of a registrar: the officer decides nothing any more.
    struct DismissOfficer {
        address officer;
    }

    /// @notice What is kept of a step. `automatic`: the rule run's key signed, no person.
    struct Record {
        bytes32 digest;
        bytes32 inputHash;
        bytes32 ruleSetHash;
        address decidedBy;
        uint64 time;
        Kind kind;
        uint8 grade;
        bool automatic;
        address reviewedBy;
    }

    /// @notice Number of steps by the grade that they left the warning with.
    struct Tally {
        uint64 blue;
        uint64 yellow;
        uint64 orange;
        uint64 red;
    }

    /// @notice A step of a warning was decided and recorded.
    event WarningDecided(
        bytes32 indexed warningId,
        uint64 indexed townCode,
        Kind indexed kind,
        uint32 sequence,
        uint8 grade,
        bytes32 inputHash,
        bytes32 ruleSetHash,
        bytes32 prev,
        bytes32 digest,
        uint64 time,
        address decidedBy,
        address reviewedBy,
        bool automatic
    );
    /// @notice A registrar appointed an officer.
    event OfficerAppointed(address indexed officer, address indexed registrar);
    /// @notice A registrar dismissed an officer.
    event OfficerDismissed(address indexed officer, address indexed registrar);
    /// @notice A key of the rule run may issue red warnings.
    event RuleKeyAuthorised(address indexed key);
    /// @notice A key of the rule run may issue nothing any more.
    event RuleKeyRevoked(address indexed key);

    /// @notice An id, a hash or an address is zero.
    error ZeroIdentifier();
    /// @notice The step is not the warning's next one.
    error SequenceMismatch(bytes32 warningId, uint32 given, uint32 expected);
    /// @notice `prev` is not the digest of the warning's last step.
    error PreviousMismatch(bytes32 warningId, bytes32 given, bytes32 expected);
    /// @notice A warning that stands so cannot take this step.
    error StepNotAllowed(bytes32 warningId, Status status, Kind kind);
    /// @notice The step's kind is decided by another function.
    error WrongKind(Kind kind);
    /// @notice A grade is 1, 2, 3 or 4.
    error InvalidGrade(uint8 grade);
    /// @notice This step must leave the warning with another grade: between `least` and `most`.
    error GradeNotAllowed(bytes32 warningId, uint8 given, uint8 least, uint8 most);
    /// @notice A code has nine digits, or six for sole traders, and does not begin with zero.
    error InvalidTownCode(uint64 townCode);
    /// @notice A warning keeps the code under which it was issued.
    error TownMismatch(bytes32 warningId, uint64 given, uint64 expected);
    /// @notice The rules issue red warnings by themselves, and no other.
    error OnlyRed(uint8 grade);
    /// @notice The signer is not an active officer.
    error UnknownOfficer(address signer);
    /// @notice The signer is not an active key of the rule run.
    error UnknownRuleKey(address signer);
    /// @notice The named registrar is not active in the participants' registry.
    error UnknownRegistrar(address registrar);
    /// @notice Closing needs two different persons.
    error SecondPersonNeeded(address signer);
    /// @notice The signature over the statement's digest is not the signer's.
    error InvalidStatementSignature(address signer, bytes32 digest);
    /// @notice The key's status, as an officer's or as a rule run's, does not allow this change.
    error KeyStatusConflict(address key, KeyStatus officer, KeyStatus ruleKey);

    /// @notice Records a step that one officer decides: issue, raise, confirm, lift or reopen.
    function decide(WarningStep calldata step, Signature calldata officer) external;

    /// @notice Records a red warning that the rules issue by themselves.
    function issueByRule(WarningStep calldata step, Signature calldata ruleKey) external;

    /// @notice Records that two different officers closed a warning; both signed the same step.
    function close(WarningStep calldata step, Signature calldata officer, Signature calldata reviewer) external;

    /// @notice Appoints an officer. Signed by `registrar`, who is active in the participants' registry.
    function appointOfficer(AppointOfficer calldata statement, Signature calldata registrar) external;

    /// @notice Dismisses an officer, for good. Signed by `registrar`.
    function dismissOfficer(DismissOfficer calldata statement, Signature calldata registrar) external;

    /// @notice Lets a key of the rule run issue red warnings. Only by the k-of-n account, after its delay.
    function authoriseRuleKey(address key) external;

    /// @notice Takes the authority of a rule run's key away, for good. Only by the k-of-n account, after its delay.
    function revokeRuleKey(address key) external;

    /// @notice Where a warning stands; zeros for an unknown one.
    function warning(
        bytes32 warningId
    ) external view returns (Status status, uint8 grade, uint32 sequence, uint64 townCode, bytes32 lastDigest);

    /// @notice What is kept of a step; all zeros when it was not taken.
    function record(bytes32 warningId, uint32 sequence) external view returns (Record memory);

    /// @notice Number of steps of a kind, by grade.
    /// @param townCode Code under which the warnings were issued; 0 for all.
    /// @param month 100 x year + month of the block that took the step, in Asia/Shanghai; 0 for all months.
    function counted(Kind kind, uint64 townCode, uint32 month) external view returns (Tally memory);

    /// @notice Status of an officer's wallet.
    function officerStatus(address officer) external view returns (KeyStatus);

    /// @notice Status of a rule run's key.
    function ruleKeyStatus(address key) external view returns (KeyStatus);

    /// @notice EIP-712 digest of a step in this registry's domain: what is signed, and what the next step names as `prev`.
    function stepDigest(WarningStep calldata step) external view returns (bytes32);

    /// @notice The registry in which registrars are looked up.
    function participants() external view returns (IParticipantRegistry);
}
