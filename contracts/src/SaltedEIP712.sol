// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";

/// @title EIP-712 domain with a salt
/// @notice A statement signed for one installation is void in every other: beside chain id and contract address the
///         domain carries the SHA-256 of the installation's log origin, and TEST installations use a name of their own.
/// @dev OpenZeppelin's EIP712 has no salt. The separator is computed at each use: no cached value can outlive a fork.
abstract contract SaltedEIP712 is IERC5267 {
    using ShortStrings for string;
    using ShortStrings for ShortString;

    /// @dev ERC-5267 bit map: name, version, chainId, verifyingContract and salt are all present.
    bytes1 private constant FIELDS = 0x1f;
    string private constant VERSION = "1";

    ShortString private immutable _domainName;
    bytes32 private immutable _domainSalt;

    constructor(string memory name, bytes32 salt) {
        _domainName = name.toShortString();
        _domainSalt = salt;
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (
            FIELDS,
            _domainName.toString(),
            VERSION,
            block.chainid,
            address(this),
            _domainSalt,
            new uint256[](0)
        );
    }

    /// @notice The EIP-712 domain separator of this contract on this chain.
    function domainSeparator() public view returns (bytes32) {
        return
            MessageHashUtils.toDomainSeparator(
                FIELDS,
                _domainName.toString(),
                VERSION,
                block.chainid,
                address(this),
                _domainSalt
            );
    }

    /// @dev keccak256(0x1901 || domain separator || structHash): what a wallet signs.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
    }
}
