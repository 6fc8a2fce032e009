// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may do what on a validator network, and how its members change that
/// @notice Stands at a fixed address from the first block on. Every validator reads it: before a transaction is taken
///         (may the sender transact, may he deploy), when a node connects (is it a member's node), and at the end of
///         each block (members, parameters, a planned upgrade). A transaction that the gate does not allow is in no
///         block of an honest validator.
/// @dev One member is one organisation with one validator and one vote. What binds all members needs a quorum of more
///      than two thirds; what concerns one member only, it does alone. The contract is put into the genesis with its
///      storage filled, so it has no constructor; the engine relies on the order of its storage (tested).
interface IAccountGate {
    /// @notice What members vote on. The fields of {Proposal} that an action uses stand above it; it ignores others.
    enum Action {
        /// account: operator, key: consensus key (Ed25519), value: node id, label: name
        AddMember,
        /// account: operator
        RemoveMember,
        /// account: operator, key: its new consensus key
        ReplaceKey,
        /// account, value: its permissions, 0 to 7; the grant then belongs to the members
        SetPermissions,
        /// label: name of the parameter, value
        SetParameter,
        /// label: name of the upgrade, value: height of the first block by the new program, key: SHA-256 of the program
        ScheduleUpgrade,
        /// nothing
        CancelUpgrade
    }

    /// @notice A decision, before and after it is taken.
    struct Proposal {
        Action action;
        address account;
        bytes32 key;
        uint256 value;
        bytes32 label;
    }

    /// @notice An organisation that runs a validator. `operator` votes, `consensusKey` signs blocks.
    struct Member {
        address operator;
        bytes32 consensusKey;
        bytes32 name;
    }

    /// @notice The block at which the program changes, and the SHA-256 of the new one (zero when not published).
    struct Upgrade {
        bytes32 name;
        uint256 height;
        bytes32 checksum;
    }

    /// @notice A member put a proposal to the vote; this is its first approval too.
    event Proposed(uint256 indexed id, address indexed by, Proposal proposal, uint256 expires);
    /// @notice A member approved; `approvals` counts present members only.
    event Approved(uint256 indexed id, address indexed by, uint256 approvals);
    /// @notice A quorum had approved, and the proposal took effect.
    event Executed(uint256 indexed id);
    /// @notice An account's permissions were set, by an administrator or (grantor: the gate itself) by the members.
    event PermissionsSet(address indexed account, uint256 permissions, address indexed grantor);
    /// @notice A member's node may connect, or may no longer.
    event NodeSet(address indexed member, bytes20 indexed node, bool allowed);

    /// @notice The sender is no member.
    error NotAMember(address account);
    /// @notice The sender may not administer.
    error NotAnAdministrator(address account);
    /// @notice Permissions of this account are not the sender's to change: a member's, or granted by someone else.
    error NotTheGrantor(address account, address grantor);
    /// @notice These permissions cannot be given this way.
    error InvalidPermissions(uint256 permissions);
    /// @notice The proposal's fields do not fit its action or the present state.
    error InvalidProposal(Action action);
    /// @notice There is no such proposal, or it was executed, or it has expired.
    error NotOpen(uint256 id);
    /// @notice The member has approved already.
    error ApprovedBefore(uint256 id, address by);
    /// @notice Fewer approvals than the quorum.
    error NoQuorum(uint256 id, uint256 approvals, uint256 needed);
    /// @notice The node is listed already, is not listed, or the member has too many.
    error InvalidNode(bytes20 node);

    /// @notice Gives accounts permissions, or with 0 takes back what the sender gave.
    /// @dev An administrator changes only accounts without permissions and those that he gave some: he cannot lock out
    ///      another member's relay. The members can, by {Action.SetPermissions}.
    /// @param accounts Accounts that are no members' operators.
    /// @param permissions TRANSACT (1), DEPLOY (2), both (3) or none (0).
    function grant(address[] calldata accounts, uint256 permissions) external;

    /// @notice Lets a node of the sender, a member, connect to all others.
    /// @param node Address of the node's key: the first 20 bytes of its SHA-256.
    function allowNode(bytes20 node) external;

    /// @notice Takes a node of the sender's off the list. Connections that stand are not cut.
    function disallowNode(bytes20 node) external;

    /// @notice Puts a proposal to the vote and approves it; with a quorum of one it takes effect at once.
    /// @return id Number of the proposal, from 1.
    function propose(Proposal calldata proposal) external returns (uint256 id);

    /// @notice Approves; with the quorum's last approval the proposal takes effect.
    function approve(uint256 id) external;

    /// @notice Gives effect to a proposal that has a quorum because members have left since.
    function execute(uint256 id) external;

    /// @notice Permissions of an account and who gave them: an administrator, the gate itself for the members.
    function permissionsOf(address account) external view returns (uint256 permissions, address grantor);

    /// @notice All members, in no particular order.
    function members() external view returns (Member[] memory);

    /// @notice Nodes of a member.
    function nodesOf(address operator) external view returns (bytes20[] memory);

    /// @notice Approvals that a proposal needs now: more than two thirds of the members.
    function quorum() external view returns (uint256);

    /// @notice A proposal; `approvals` counts present members only.
    function proposalOf(
        uint256 id
    ) external view returns (Proposal memory proposal, uint256 approvals, uint256 expires, bool executed);

    /// @notice Number of proposals so far; they are numbered from 1.
    function proposalCount() external view returns (uint256);

    /// @notice The planned upgrade; height 0 when none is.
    function upgrade() external view returns (Upgrade memory);

    /// @notice Value that the members gave a parameter; 0 while it has the value of the genesis.
    function parameterOf(bytes32 name) external view returns (uint256);

    /// @notice Height at which the engine suspended a consensus key for signing two blocks of one height; 0: it did not.
    function suspendedAt(bytes32 consensusKey) external view returns (uint256);

    /// @notice Rises with every change that validators have to act on.
    function revision() external view returns (uint256);
}
