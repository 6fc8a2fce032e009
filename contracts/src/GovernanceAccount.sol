// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";
import {IGovernanceAccount} from "./interfaces/IGovernanceAccount.sol";
import {SaltedEIP712} from "./SaltedEIP712.sol";

/// @title k-of-n account that administers an installation, see {IGovernanceAccount}
contract GovernanceAccount is IGovernanceAccount, SaltedEIP712, AccessManaged, MultiSignerERC7913 {
    bytes32 private constant EXECUTE = keccak256("Execute(address target,bytes data,uint256 nonce)");

    uint256 private _nonce;

    constructor(
        address authority,
        string memory domainName,
        bytes32 domainSalt,
        bytes[] memory signers,
        uint64 threshold_
    ) SaltedEIP712(domainName, domainSalt) AccessManaged(authority) MultiSignerERC7913(signers, threshold_) {}

    /// @inheritdoc IGovernanceAccount
    function execute(
        address target,
        bytes calldata data,
        bytes calldata signature
    ) external returns (bytes memory result) {
        uint256 used = _nonce;
        bytes32 digest = _digest(keccak256(abi.encode(EXECUTE, target, keccak256(data), used)));
        if (!_rawSignatureValidation(digest, signature)) revert InvalidMultiSignature(digest);
        _nonce = used + 1;
        emit Executed(used, target, data);
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IGovernanceAccount
    function addSigners(bytes[] calldata signers) external restricted {
        _addSigners(signers);
    }

    /// @inheritdoc IGovernanceAccount
    function removeSigners(bytes[] calldata signers) external restricted {
        _removeSigners(signers);
    }

    /// @inheritdoc IGovernanceAccount
    function setThreshold(uint64 threshold_) external restricted {
        _setThreshold(threshold_);
    }

    /// @inheritdoc IGovernanceAccount
    function nonce() external view returns (uint256) {
        return _nonce;
    }
}
