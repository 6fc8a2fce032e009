// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JudicialAnchor} from "../src/JudicialAnchor.sol";
import {Checks} from "./Vm.sol";

/// @title Three witnesses and an anchor that wants two of them
abstract contract Witnessing is Checks {
    string internal constant ORIGIN = "log.concord.test/forge";
    bytes32 internal constant TYPEHASH =
        keccak256("WitnessedCheckpoint(string origin,uint64 size,bytes32 root,uint64 time)");
    uint64 internal constant TIME = 1_790_000_000;

    /// @dev Private keys, ascending by the address that they give.
    uint256[3] internal keys = [uint256(0xC1), 0xC2, 0xC3];

    function sortKeys() internal {
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
        }
    }

    function addresses() internal view returns (address[] memory list) {
        list = new address[](3);
        for (uint256 i = 0; i < 3; ++i) list[i] = vm.addr(keys[i]);
    }

    function newAnchor() internal returns (JudicialAnchor) {
        sortKeys();
        return new JudicialAnchor(ORIGIN, addresses(), 2, DOMAIN);
    }

    /// @dev Computed here from the EIP's text, not by the contract under test.
    function digestFor(
        address anchor,
        uint256 chain,
        string memory origin,
        uint64 size,
        bytes32 root,
        uint64 time
    ) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256(bytes(DOMAIN)),
                keccak256("1"),
                chain,
                anchor,
                sha256(bytes(origin))
            )
        );
        bytes32 statement = keccak256(abi.encode(TYPEHASH, keccak256(bytes(origin)), size, root, time));
        return keccak256(abi.encodePacked(hex"1901", domain, statement));
    }

    function cosigned(
        address anchor,
        uint256 key,
        uint64 size,
        bytes32 root,
        uint64 time
    ) internal view returns (bytes memory) {
        return signed(key, digestFor(anchor, block.chainid, ORIGIN, size, root, time));
    }

    function times(uint256 count) internal pure returns (uint64[] memory list) {
        list = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = TIME + uint64(i);
    }

    /// @dev The first two witnesses sign.
    function quorum(address anchor, uint64 size, bytes32 root) internal view returns (bytes[] memory list) {
        list = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) list[i] = cosigned(anchor, keys[i], size, root, TIME + uint64(i));
    }
}
