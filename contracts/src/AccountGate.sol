// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountGate} from "./interfaces/IAccountGate.sol";

/// @title Permissions and membership of a validator network, see {IAccountGate}
contract AccountGate is IAccountGate {
    uint256 private constant TRANSACT = 1;
    uint256 private constant DEPLOY = 2;
    uint256 private constant ADMINISTER = 4;
    uint256 private constant VALIDATE = 8;
    uint256 private constant MEMBER = TRANSACT | DEPLOY | ADMINISTER | VALIDATE;

    uint256 private constant MOST_MEMBERS = 32;
    uint256 private constant MOST_NODES = 8;
    uint256 private constant VOTING_TIME = 30 days;
    /// @dev Blocks between the decision and the first block of an upgrade.
    uint256 private constant UPGRADE_NOTICE = 10;

    bytes32 private constant BLOCK_GAS = "block.max_gas";
    bytes32 private constant BLOCK_BYTES = "block.max_bytes";

    struct Seat {
        bytes32 consensusKey;
        bytes32 name;
        bytes32[] nodes;
    }

    struct Ballot {
        Proposal proposal;
        uint256 expires;
        bool executed;
        mapping(address member => bool) approved;
    }

    // The engine fills slots 0 to 9 in the genesis, reads 0 to 8 and writes 8: their order is part of the protocol.

    /// @dev Permissions in the low 8 bits, their grantor in the 160 bits above.
    mapping(address account => uint256) private _grants;
    address[] private _operators;
    mapping(address operator => Seat) private _seats;
    uint256 private _revision;
    Upgrade private _upgrade;
    mapping(bytes32 name => uint256) private _parameters;
    mapping(bytes32 consensusKey => uint256) private _suspended;
    mapping(bytes32 key => bool) private _used;
    mapping(uint256 id => Ballot) private _ballots;
    uint256 private _proposals;

    modifier onlyMembers() {
        if (_grants[msg.sender] & VALIDATE == 0) revert NotAMember(msg.sender);
        _;
    }

    /// @inheritdoc IAccountGate
    function grant(address[] calldata accounts, uint256 permissions) external {
        if (_grants[msg.sender] & ADMINISTER == 0) revert NotAnAdministrator(msg.sender);
        if (permissions > (TRANSACT | DEPLOY)) revert InvalidPermissions(permissions);
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            address grantor = address(uint160(_grants[account] >> 8));
            if (_grants[account] != 0 && grantor != msg.sender) revert NotTheGrantor(account, grantor);
            _set(account, permissions, msg.sender);
        }
    }

    /// @inheritdoc IAccountGate
    function allowNode(bytes20 node) external onlyMembers {
        bytes32[] storage nodes = _seats[msg.sender].nodes;
        if (node == 0 || nodes.length == MOST_NODES) revert InvalidNode(node);
        _addNode(msg.sender, node);
        ++_revision;
    }

    /// @inheritdoc IAccountGate
    function disallowNode(bytes20 node) external onlyMembers {
        bytes32[] storage nodes = _seats[msg.sender].nodes;
        bytes32 listed = _word(node);
        for (uint256 i = 0; i < nodes.length; ++i) {
            if (nodes[i] == listed) {
                nodes[i] = nodes[nodes.length - 1];
                nodes.pop();
                _used[listed] = false;
                ++_revision;
                emit NodeSet(msg.sender, node, false);
                return;
            }
        }
        revert InvalidNode(node);
    }

    /// @inheritdoc IAccountGate
    function propose(Proposal calldata proposal) external onlyMembers returns (uint256 id) {
        if (!_fits(proposal)) revert InvalidProposal(proposal.action);
        id = ++_proposals;
        Ballot storage ballot = _ballots[id];
        ballot.proposal = proposal;
        ballot.expires = block.timestamp + VOTING_TIME;
        emit Proposed(id, msg.sender, proposal, ballot.expires);
        _approve(id, ballot);
    }

    /// @inheritdoc IAccountGate
    function approve(uint256 id) external onlyMembers {
        _approve(id, _open(id));
    }

    /// @inheritdoc IAccountGate
    function execute(uint256 id) external onlyMembers {
        Ballot storage ballot = _open(id);
        uint256 approvals = _count(ballot);
        if (approvals < quorum()) revert NoQuorum(id, approvals, quorum());
        _execute(id, ballot);
    }

    /// @inheritdoc IAccountGate
    function permissionsOf(address account) external view returns (uint256 permissions, address grantor) {
        uint256 found = _grants[account];
        return (found & 0xff, address(uint160(found >> 8)));
    }

    /// @inheritdoc IAccountGate
    function members() external view returns (Member[] memory found) {
        found = new Member[](_operators.length);
        for (uint256 i = 0; i < found.length; ++i) {
            Seat storage seat = _seats[_operators[i]];
            found[i] = Member(_operators[i], seat.consensusKey, seat.name);
        }
    }

    /// @inheritdoc IAccountGate
    function nodesOf(address operator) external view returns (bytes20[] memory found) {
        bytes32[] storage nodes = _seats[operator].nodes;
        found = new bytes20[](nodes.length);
        for (uint256 i = 0; i < found.length; ++i) found[i] = bytes20(uint160(uint256(nodes[i])));
    }

    /// @inheritdoc IAccountGate
    function quorum() public view returns (uint256) {
        return (_operators.length * 2) / 3 + 1;
    }

    /// @inheritdoc IAccountGate
    function proposalOf(
        uint256 id
    ) external view returns (Proposal memory proposal, uint256 approvals, uint256 expires, bool executed) {
        Ballot storage ballot = _ballots[id];
        return (ballot.proposal, _count(ballot), ballot.expires, ballot.executed);
    }

    /// @inheritdoc IAccountGate
    function proposalCount() external view returns (uint256) {
        return _proposals;
    }

    /// @inheritdoc IAccountGate
    function upgrade() external view returns (Upgrade memory) {
        return _upgrade;
    }

    /// @inheritdoc IAccountGate
    function parameterOf(bytes32 name) external view returns (uint256) {
        return _parameters[name];
    }

    /// @inheritdoc IAccountGate
    function suspendedAt(bytes32 consensusKey) external view returns (uint256) {
        return _suspended[consensusKey];
    }

    /// @inheritdoc IAccountGate
    function revision() external view returns (uint256) {
        return _revision;
    }

    function _open(uint256 id) private view returns (Ballot storage ballot) {
        ballot = _ballots[id];
        if (ballot.executed || block.timestamp >= ballot.expires) revert NotOpen(id);
    }

    function _approve(uint256 id, Ballot storage ballot) private {
        if (ballot.approved[msg.sender]) revert ApprovedBefore(id, msg.sender);
        ballot.approved[msg.sender] = true;
        uint256 approvals = _count(ballot);
        emit Approved(id, msg.sender, approvals);
        if (approvals >= quorum()) _execute(id, ballot);
    }

    /// @dev Approvals of those who are members now: who has left counts no longer.
    function _count(Ballot storage ballot) private view returns (uint256 approvals) {
        for (uint256 i = 0; i < _operators.length; ++i) {
            if (ballot.approved[_operators[i]]) ++approvals;
        }
    }

    /// @dev Whether a proposal can take effect now. Checked when it is made and again when it is executed.
    function _fits(Proposal memory p) private view returns (bool) {
        bool member = _grants[p.account] & VALIDATE != 0;
        if (p.action == Action.AddMember) {
            bytes32 node = bytes32(p.value);
            return
                !member &&
                p.account != address(0) &&
                _operators.length < MOST_MEMBERS &&
                p.label != 0 &&
                p.key != 0 &&
                !_used[p.key] &&
                p.value != 0 &&
                p.value <= type(uint160).max &&
                p.key != node &&
                !_used[node];
        }
        if (p.action == Action.RemoveMember) return member && _operators.length > 1;
        if (p.action == Action.ReplaceKey) return member && p.key != 0 && !_used[p.key];
        if (p.action == Action.SetPermissions)
            return !member && p.account != address(0) && p.value <= (TRANSACT | DEPLOY | ADMINISTER);
        if (p.action == Action.SetParameter) {
            // The bounds keep the engine able to make a block, whatever the members decide.
            if (p.label == BLOCK_GAS) return p.value >= 30_000_000 && p.value <= 2_000_000_000;
            return p.label == BLOCK_BYTES && p.value >= 1_000_000 && p.value <= 20_000_000;
        }
        if (p.action == Action.ScheduleUpgrade)
            return p.label != 0 && p.value >= block.number + UPGRADE_NOTICE && p.value <= type(uint56).max;
        return _upgrade.height != 0;
    }

    function _execute(uint256 id, Ballot storage ballot) private {
        Proposal memory p = ballot.proposal;
        if (!_fits(p)) revert InvalidProposal(p.action);
        ballot.executed = true;
        if (p.action == Action.AddMember) {
            _operators.push(p.account);
            _seats[p.account].name = p.label;
            _seats[p.account].consensusKey = p.key;
            _used[p.key] = true;
            _addNode(p.account, bytes20(uint160(p.value)));
            _set(p.account, MEMBER, address(this));
        } else if (p.action == Action.RemoveMember) {
            _remove(p.account);
        } else if (p.action == Action.ReplaceKey) {
            _seats[p.account].consensusKey = p.key;
            _used[p.key] = true;
        } else if (p.action == Action.SetPermissions) {
            _set(p.account, p.value, address(this));
        } else if (p.action == Action.SetParameter) {
            _parameters[p.label] = p.value;
        } else if (p.action == Action.ScheduleUpgrade) {
            _upgrade = Upgrade(p.label, p.value, p.key);
        } else {
            delete _upgrade;
        }
        ++_revision;
        emit Executed(id);
    }

    function _remove(address operator) private {
        for (uint256 i = 0; i < _operators.length; ++i) {
            if (_operators[i] == operator) {
                _operators[i] = _operators[_operators.length - 1];
                _operators.pop();
                break;
            }
        }
        bytes32[] storage nodes = _seats[operator].nodes;
        for (uint256 i = 0; i < nodes.length; ++i) {
            _used[nodes[i]] = false;
            emit NodeSet(operator, bytes20(uint160(uint256(nodes[i]))), false);
        }
        // A consensus key stays used: it can have signed things that nobody knows of yet.
        delete _seats[operator];
        _set(operator, 0, address(this));
    }

    function _addNode(address operator, bytes20 node) private {
        bytes32 word = _word(node);
        if (_used[word]) revert InvalidNode(node);
        _used[word] = true;
        _seats[operator].nodes.push(word);
        emit NodeSet(operator, node, true);
    }

    function _set(address account, uint256 permissions, address grantor) private {
        _grants[account] = permissions == 0 ? 0 : (uint256(uint160(grantor)) << 8) | permissions;
        emit PermissionsSet(account, permissions, grantor);
    }

    function _word(bytes20 node) private pure returns (bytes32) {
        return bytes32(uint256(uint160(node)));
    }
}
