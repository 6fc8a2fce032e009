// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RFC9162} from "../src/libraries/RFC9162.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {Checks} from "./Vm.sol";

contract Proofs {
    function inclusion(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof,
        bytes32 root
    ) external pure returns (bool) {
        return RFC9162.verifyInclusion(leaf, index, size, proof, root);
    }

    function consistency(
        uint256 first,
        uint256 second,
        bytes32 firstRoot,
        bytes32 secondRoot,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return RFC9162.verifyConsistency(first, second, firstRoot, secondRoot, proof);
    }
}

contract RFC9162Test is Checks {
    Proofs private proofs = new Proofs();

    function entriesOf(uint256 count, bytes32 seed) private pure returns (bytes32[] memory entries) {
        entries = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) entries[i] = keccak256(abi.encode(seed, i));
    }

    function test_EmptyRootIsTheHashOfNothing() external pure {
        equal(RFC9162.EMPTY_ROOT, sha256(""), "empty root");
    }

    function test_AllProofsOfSmallTreesHold() external view {
        bytes32[] memory entries = entriesOf(9, "small");
        for (uint256 size = 1; size <= entries.length; ++size) {
            bytes32 root = ReferenceTree.root(entries, 0, size);
            for (uint256 i = 0; i < size; ++i) {
                bytes32[] memory path = ReferenceTree.path(i, entries, 0, size);
                isTrue(proofs.inclusion(RFC9162.leafHash(entries[i]), i, size, path, root), "inclusion");
                bytes32 earlier = ReferenceTree.root(entries, 0, i);
                bytes32[] memory proof = i == 0 ? path : ReferenceTree.consistency(i, entries, size);
                if (i > 0) isTrue(proofs.consistency(i, size, earlier, root, proof), "consistency");
            }
        }
    }

    function testFuzz_InclusionHoldsOnlyAtItsPosition(uint8 count, uint8 at, uint8 other, bytes32 seed) external view {
        uint256 size = 1 + (count % 70);
        uint256 index = at % size;
        bytes32[] memory entries = entriesOf(size, seed);
        bytes32 root = ReferenceTree.root(entries, 0, size);
        bytes32[] memory path = ReferenceTree.path(index, entries, 0, size);
        bytes32 leaf = RFC9162.leafHash(entries[index]);
        isTrue(proofs.inclusion(leaf, index, size, path, root), "honest proof");
        isTrue(!proofs.inclusion(leaf, size, size, path, root), "index outside of the tree");
        isTrue(!proofs.inclusion(entries[index], index, size, path, root), "an entry is not a leaf");
        isTrue(!proofs.inclusion(leaf, index, size, path, leaf ^ root), "another root");
        uint256 elsewhere = other % size;
        if (elsewhere != index) isTrue(!proofs.inclusion(leaf, elsewhere, size, path, root), "another position");
        if (path.length > 0) {
            path[other % path.length] ^= bytes32(uint256(1));
            isTrue(!proofs.inclusion(leaf, index, size, path, root), "a changed node");
        }
    }

    function testFuzz_ConsistencyHoldsOnlyForItsTrees(uint8 a, uint8 b, uint8 at, bytes32 seed) external view {
        uint256 second = 2 + (b % 70);
        uint256 first = 1 + (a % (second - 1));
        bytes32[] memory entries = entriesOf(second, seed);
        bytes32 firstRoot = ReferenceTree.root(entries, 0, first);
        bytes32 secondRoot = ReferenceTree.root(entries, 0, second);
        bytes32[] memory proof = ReferenceTree.consistency(first, entries, second);
        isTrue(proofs.consistency(first, second, firstRoot, secondRoot, proof), "honest proof");
        isTrue(!proofs.consistency(second, first, secondRoot, firstRoot, proof), "trees do not shrink");
        isTrue(!proofs.consistency(first, second, firstRoot, firstRoot, proof), "another second root");
        isTrue(!proofs.consistency(first, second, secondRoot, secondRoot, proof), "another first root");
        isTrue(!proofs.consistency(first, second, firstRoot, secondRoot, new bytes32[](0)), "no proof");
        proof[at % proof.length] ^= bytes32(uint256(1));
        isTrue(!proofs.consistency(first, second, firstRoot, secondRoot, proof), "a changed node");
    }

    function test_EveryTreeExtendsTheEmptyOneAndItself() external view {
        bytes32 root = ReferenceTree.root(entriesOf(5, "x"), 0, 5);
        bytes32[] memory nothing = new bytes32[](0);
        isTrue(proofs.consistency(0, 5, RFC9162.EMPTY_ROOT, root, nothing), "from the empty tree");
        isTrue(proofs.consistency(5, 5, root, root, nothing), "to itself");
        isTrue(!proofs.consistency(0, 5, root, root, nothing), "an empty tree has one root");
        isTrue(!proofs.consistency(5, 5, root, RFC9162.EMPTY_ROOT, nothing), "same size, another root");
        isTrue(!proofs.inclusion(root, 0, 0, nothing, root), "nothing is in the empty tree");
    }

    function test_AProofThatIsTooLongFails() external view {
        bytes32[] memory entries = entriesOf(1, "one");
        bytes32[] memory proof = new bytes32[](1);
        bytes32 leaf = RFC9162.leafHash(entries[0]);
        isTrue(!proofs.inclusion(leaf, 0, 1, proof, RFC9162.nodeHash(leaf, proof[0])), "too long");
    }
}
