// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IJudicialAnchor} from "../src/interfaces/IJudicialAnchor.sol";
import {RFC9162} from "../src/libraries/RFC9162.sol";
import {JudicialAnchor} from "../src/JudicialAnchor.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {UniformTree} from "./UniformTree.sol";
import {Witnessing} from "./Witnessing.sol";

contract JudicialAnchorTest is Witnessing {
    JudicialAnchor private anchor;

    function setUp() external {
        anchor = newAnchor();
    }

    function entriesOf(uint256 count, bytes32 seed) private pure returns (bytes32[] memory entries) {
        entries = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) entries[i] = keccak256(abi.encode(seed, i));
    }

    function take(uint64 size, bytes32 root, bytes32[] memory consistency) private {
        anchor.accept(size, root, times(2), quorum(address(anchor), size, root), consistency);
    }

    function takeUniform(uint64 from, uint64 to) private {
        take(to, UniformTree.root(to), UniformTree.consistency(from, to));
    }

    function test_StartsEmpty() external view {
        (uint64 size, bytes32 root) = anchor.latest();
        equal(size, 0, "size");
        equal(root, bytes32(0), "root");
        equal(anchor.count(), 0, "count");
        equal(anchor.rootAt(1), bytes32(0), "root at 1");
        equal(keccak256(bytes(anchor.origin())), keccak256(bytes(ORIGIN)), "origin");
        equal(anchor.threshold(), 2, "threshold");
        isTrue(anchor.isWitness(vm.addr(keys[1])) && !anchor.isWitness(address(this)), "witnesses");
    }

    function test_DigestIsTheStandards() external view {
        bytes32 expected = digestFor(address(anchor), block.chainid, ORIGIN, 7, "root", TIME);
        equal(anchor.checkpointDigest(7, "root", TIME), expected, "digest");
    }

    function test_KeepsItsHistory() external {
        bytes32 five = UniformTree.root(5);
        vm.expectEmit(true, true, true, true);
        emit IJudicialAnchor.CheckpointAccepted(5, five, 0);
        take(5, five, new bytes32[](0));
        bytes32 eight = UniformTree.root(8);
        bytes32[] memory proof = UniformTree.consistency(5, 8);
        bytes[] memory signatures = quorum(address(anchor), 8, eight);
        vm.expectEmit(true, true, true, true);
        emit IJudicialAnchor.CheckpointAccepted(8, eight, 5);
        anchor.accept(8, eight, times(2), signatures, proof);
        (uint64 size, bytes32 root) = anchor.latest();
        equal(size, 8, "latest size");
        equal(root, eight, "latest root");
        equal(anchor.count(), 2, "count");
        equal(anchor.sizeAt(0), 5, "first size");
        equal(anchor.sizeAt(1), 8, "second size");
        equal(anchor.rootAt(5), five, "first root stays");
    }

    function testFuzz_AcceptsEveryHonestGrowth(uint8[4] calldata steps, bytes32 seed) external {
        bytes32[] memory entries = entriesOf(160, seed);
        uint64 size = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint64 next = size + 1 + (steps[i] % 40);
            bytes32 root = ReferenceTree.root(entries, 0, next);
            bytes32[] memory proof = size == 0
                ? new bytes32[](0)
                : ReferenceTree.consistency(size, entries, next);
            take(next, root, proof);
            size = next;
            uint64 at = uint64(uint256(seed) % size);
            bytes32[] memory path = ReferenceTree.path(at, entries, 0, size);
            isTrue(anchor.verifyInclusion(entries[at], at, size, path), "inclusion");
            isTrue(!anchor.verifyInclusion(entries[at], at, size + 1, path), "a size that was not accepted");
            isTrue(!anchor.verifyInclusion(seed, at, size, path), "another entry");
        }
    }

    function testFuzz_RefusesARewrittenHistory(uint8 first, uint8 grown, uint8 at, bytes32 seed) external {
        uint64 m = 1 + (first % 60);
        uint64 n = m + 1 + (grown % 60);
        bytes32[] memory entries = entriesOf(n, seed);
        take(m, ReferenceTree.root(entries, 0, m), new bytes32[](0));
        bytes32 kept = anchor.rootAt(m);
        // One of the entries that the court has already seen is replaced; everything else is honest and signed by all.
        entries[at % m] = keccak256(abi.encode("rewritten", seed));
        bytes32 rewritten = ReferenceTree.root(entries, 0, n);
        bytes32[] memory proof = ReferenceTree.consistency(m, entries, n);
        bytes[] memory signatures = quorum(address(anchor), n, rewritten);
        vm.expectRevert(
            abi.encodeWithSelector(IJudicialAnchor.HistoryRewritten.selector, m, kept, n, rewritten)
        );
        anchor.accept(n, rewritten, times(2), signatures, proof);
        equal(anchor.count(), 1, "nothing was written");
    }

    function test_RefusesAnEmptyProofAfterTheFirst() external {
        takeUniform(0, 5);
        bytes32 root = UniformTree.root(8);
        bytes[] memory signatures = quorum(address(anchor), 8, root);
        vm.expectRevert(
            abi.encodeWithSelector(IJudicialAnchor.HistoryRewritten.selector, 5, UniformTree.root(5), 8, root)
        );
        anchor.accept(8, root, times(2), signatures, new bytes32[](0));
    }

    function test_RefusesAProofWithTheFirst() external {
        bytes32 root = UniformTree.root(8);
        bytes[] memory signatures = quorum(address(anchor), 8, root);
        bytes32[] memory proof = new bytes32[](1);
        vm.expectRevert(
            abi.encodeWithSelector(IJudicialAnchor.HistoryRewritten.selector, 0, RFC9162.EMPTY_ROOT, 8, root)
        );
        anchor.accept(8, root, times(2), signatures, proof);
    }

    function test_RefusesWhatIsNotNewer() external {
        takeUniform(0, 8);
        for (uint64 size = 7; size <= 8; ++size) {
            bytes32 root = UniformTree.root(size);
            bytes[] memory signatures = quorum(address(anchor), size, root);
            vm.expectRevert(abi.encodeWithSelector(IJudicialAnchor.NotNewer.selector, size, 8));
            anchor.accept(size, root, times(2), signatures, new bytes32[](0));
        }
    }

    function test_RefusesAnEmptyCheckpoint() external {
        bytes[] memory none = new bytes[](0);
        vm.expectRevert(
            abi.encodeWithSelector(IJudicialAnchor.EmptyCheckpoint.selector, 0, RFC9162.EMPTY_ROOT)
        );
        anchor.accept(0, RFC9162.EMPTY_ROOT, times(0), none, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IJudicialAnchor.EmptyCheckpoint.selector, 3, bytes32(0)));
        anchor.accept(3, bytes32(0), times(0), none, new bytes32[](0));
    }

    function refuse(bytes[] memory signatures, uint64[] memory when, bytes memory reason) private {
        bytes32 root = UniformTree.root(5); // hashed here: a call of the precompile would be "the next call"
        vm.expectRevert(reason);
        anchor.accept(5, root, when, signatures, new bytes32[](0));
    }

    function test_EachWitnessCountsOnce() external {
        bytes[] memory list = quorum(address(anchor), 5, UniformTree.root(5));
        list[1] = list[0];
        uint64[] memory when = times(2);
        when[1] = when[0];
        address one = vm.addr(keys[0]);
        refuse(list, when, abi.encodeWithSelector(IJudicialAnchor.WitnessesNotAscending.selector, one, one));
        // A second signature of the same key under another time is the same witness.
        list[1] = cosigned(address(anchor), keys[0], 5, UniformTree.root(5), TIME + 1);
        refuse(list, times(2), abi.encodeWithSelector(IJudicialAnchor.WitnessesNotAscending.selector, one, one));
    }

    function test_SignaturesAscendByAddress() external {
        bytes[] memory list = quorum(address(anchor), 5, UniformTree.root(5));
        (list[0], list[1]) = (list[1], list[0]);
        uint64[] memory when = times(2);
        (when[0], when[1]) = (when[1], when[0]);
        refuse(
            list,
            when,
            abi.encodeWithSelector(
                IJudicialAnchor.WitnessesNotAscending.selector,
                vm.addr(keys[1]),
                vm.addr(keys[0])
            )
        );
    }

    function test_RefusesTooFew() external {
        bytes[] memory one = new bytes[](1);
        one[0] = cosigned(address(anchor), keys[0], 5, UniformTree.root(5), TIME);
        refuse(one, times(1), abi.encodeWithSelector(IJudicialAnchor.QuorumMissing.selector, 1, 2));
        refuse(new bytes[](0), times(0), abi.encodeWithSelector(IJudicialAnchor.QuorumMissing.selector, 0, 2));
        refuse(
            quorum(address(anchor), 5, UniformTree.root(5)),
            times(3),
            abi.encodeWithSelector(IJudicialAnchor.LengthsDiffer.selector, 3, 2)
        );
    }

    function test_RefusesAStrangersSignature() external {
        bytes[] memory list = quorum(address(anchor), 5, UniformTree.root(5));
        list[1] = cosigned(address(anchor), 0xBAD, 5, UniformTree.root(5), TIME + 1);
        refuse(list, times(2), abi.encodeWithSelector(IJudicialAnchor.NotAWitness.selector, vm.addr(0xBAD)));
    }

    function test_AllThreeMaySign() external {
        bytes32 root = UniformTree.root(5);
        bytes[] memory list = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) list[i] = cosigned(address(anchor), keys[i], 5, root, TIME + uint64(i));
        anchor.accept(5, root, times(3), list, new bytes32[](0));
        equal(anchor.rootAt(5), root, "accepted");
    }

    function test_RefusesSignaturesForAnotherChainAnchorLogTimeOrTree() external {
        bytes32 root = UniformTree.root(5);
        bytes32[5] memory digests = [
            digestFor(address(anchor), block.chainid + 1, ORIGIN, 5, root, TIME),
            digestFor(address(this), block.chainid, ORIGIN, 5, root, TIME),
            digestFor(address(anchor), block.chainid, "log.concord.test/another", 5, root, TIME),
            digestFor(address(anchor), block.chainid, ORIGIN, 5, root, TIME + 9),
            digestFor(address(anchor), block.chainid, ORIGIN, 6, root, TIME)
        ];
        for (uint256 i = 0; i < digests.length; ++i) {
            bytes[] memory list = quorum(address(anchor), 5, root);
            list[0] = signed(keys[0], digests[i]);
            vm.expectRevert();
            anchor.accept(5, root, times(2), list, new bytes32[](0));
        }
        take(5, root, new bytes32[](0));
    }

    function test_RefusesAHighSAndAMalformedSignature() external {
        bytes32 root = UniformTree.root(5);
        bytes[] memory list = quorum(address(anchor), 5, root);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], anchor.checkpointDigest(5, root, TIME));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 high = bytes32(n - uint256(s));
        list[0] = abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27));
        refuse(list, times(2), abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        list[0] = abi.encodePacked(r, s);
        refuse(list, times(2), abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
    }

    function test_ConstructionIsChecked() external {
        address[] memory list = addresses();
        vm.expectRevert(abi.encodeWithSelector(IJudicialAnchor.InvalidThreshold.selector, 0, 3));
        new JudicialAnchor(ORIGIN, list, 0, DOMAIN);
        vm.expectRevert(abi.encodeWithSelector(IJudicialAnchor.InvalidThreshold.selector, 4, 3));
        new JudicialAnchor(ORIGIN, list, 4, DOMAIN);
        list[2] = list[1];
        vm.expectRevert(
            abi.encodeWithSelector(IJudicialAnchor.WitnessesNotAscending.selector, list[1], list[1])
        );
        new JudicialAnchor(ORIGIN, list, 2, DOMAIN);
    }

    /// @dev Whole transaction: 21,000, call data and execution, over the longest consistency proofs that there are.
    function test_GasAtAMillionEntries() external {
        uint64 size = 1_000_000;
        bytes32 root = UniformTree.root(size);
        uint64[4] memory earlier = [uint64(999_999), 524_289, 983_041, 999_997];
        uint256 worst = 0;
        for (uint256 i = 0; i < earlier.length; ++i) {
            anchor = newAnchor();
            takeUniform(0, earlier[i]);
            bytes[] memory signatures = quorum(address(anchor), size, root);
            bytes memory data = abi.encodeCall(
                anchor.accept,
                (size, root, times(2), signatures, UniformTree.consistency(earlier[i], size))
            );
            uint256 intrinsic = 21_000;
            for (uint256 b = 0; b < data.length; ++b) intrinsic += data[b] == 0 ? 4 : 16;
            uint256 before = gasleft();
            (bool ok, ) = address(anchor).call(data);
            uint256 spent = intrinsic + before - gasleft();
            isTrue(ok, "accepted");
            if (spent > worst) worst = spent;
        }
        isTrue(worst <= 250_000, "gas of a judicial checkpoint");
    }
}
