// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title k-of-n account that administers an installation
/// @notice Executes a call when enough of its signers signed it. It is the only administrator of the AccessManager, which
///         makes each of its acts wait for a delay: it schedules an act there, and executes it when the delay is over.
/// @dev Changing the signers or the threshold goes through the AccessManager as well, so the delay covers it too.
interface IGovernanceAccount {
    /// @notice What the signers sign: one call, at one position in the account's history.
    struct Execute {
        address target;
        bytes data;
        uint256 nonce;
    }

    /// @notice A call was executed.
    event Executed(uint256 indexed nonce, address indexed target, bytes data);

    /// @notice Not enough signers, a signer that is not one, or a signature that does not fit.
    error InvalidMultiSignature(bytes32 digest);

    /// @notice Executes a call that at least `threshold()` signers signed with the account's present nonce.
    /// @param target Contract to call.
    /// @param data Call data.
    /// @param signature abi.encode(bytes[] signers, bytes[] signatures), ordered by keccak256 of the signer.
    /// @return result What the call returned.
    function execute(
        address target,
        bytes calldata data,
        bytes calldata signature
    ) external returns (bytes memory result);

    /// @notice Adds signers. Only through the AccessManager.
    function addSigners(bytes[] calldata signers) external;

    /// @notice Removes signers. Only through the AccessManager.
    function removeSigners(bytes[] calldata signers) external;

    /// @notice Sets how many signers it takes. Only through the AccessManager.
    function setThreshold(uint64 threshold) external;

    /// @notice Number of calls executed so far: the nonce of the next one.
    function nonce() external view returns (uint256);
}
