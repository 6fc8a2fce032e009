// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILaborContractRegistry} from "../src/interfaces/ILaborContractRegistry.sol";
import {ShanghaiMonth} from "../src/libraries/ShanghaiMonth.sol";
import {Concluding} from "./Concluding.sol";

/// @dev Concludes versions of three contracts, honestly and not, from any sender, and remembers what was concluded first.
contract Concluder is Concluding {
    struct Seen {
        bytes32 contractId;
        uint32 version;
        bytes32 recordHash;
    }

    Seen[] public seen;
    mapping(bytes32 contractId => uint32) public lastVersion;
    mapping(bytes32 contractId => bytes32) public lastCommitment;
    uint256 private _serial;

    /// @dev Set once something was concluded that must not be.
    bool public unlawful;

    constructor() {
        setUp();
    }

    function count() external view returns (uint256) {
        return seen.length;
    }

    function recordHash(bytes32 contractId, uint32 version) public view returns (bytes32) {
        return keccak256(abi.encode(registry.record(contractId, version)));
    }

    function concluded(bytes32 contractId) external view returns (uint32 version, bytes32 commitment) {
        return registry.latest(contractId);
    }

    function counted(uint64 region, uint32 month) external view returns (uint64) {
        return registry.concludedCount(region, month);
    }

    function concludeNext(uint8 which, uint8 step, address sender) external {
        _prepare(which, 1 + (step % 5));
        vm.prank(sender);
        registry.conclude(terms, employer, worker, attestation);
        bytes32 id = terms.contractId;
        (lastVersion[id], lastCommitment[id]) = (terms.version, terms.commitment);
        seen.push(Seen(id, terms.version, recordHash(id, terms.version)));
    }

    function concludeOutOfOrder(uint8 which, uint8 back, address sender) external {
        bytes32 id = _contractId(which);
        if (lastVersion[id] == 0) return;
        _prepare(which, 0);
        terms.version = lastVersion[id] - uint32(back % lastVersion[id]);
        signAll(AGENT, WORKER, ISSUER);
        _mustFail(sender);
    }

    function concludeOnAnotherPast(uint8 which, bytes32 prev, address sender) external {
        if (prev == lastCommitment[_contractId(which)]) return;
        _prepare(which, 1);
        terms.prev = prev;
        signAll(AGENT, WORKER, ISSUER);
        _mustFail(sender);
    }

    function concludeWithoutTheWorker(uint8 which, bytes32 r, bytes32 s, address sender) external {
        _prepare(which, 1);
        (worker.r, worker.s) = (r, s);
        _mustFail(sender);
    }

    function concludeWithoutTheIssuer(uint8 which, uint256 key, address sender) external {
        if (key == 0 || key >= P256_ORDER >> 1 || key == ISSUER) return;
        _prepare(which, 1);
        attest(key, WORKER);
        _mustFail(sender);
    }

    function _mustFail(address sender) private {
        vm.prank(sender);
        try registry.conclude(terms, employer, worker, attestation) {
            unlawful = true; // kept, not reverted: a revert of this call would undo what it has found
        } catch {}
    }

    function _prepare(uint8 which, uint32 step) private {
        bytes32 id = _contractId(which);
        terms = ILaborContractRegistry.Terms(
            keccak256(abi.encode("commitment", ++_serial)),
            id,
            lastVersion[id] + step,
            lastCommitment[id],
            1_900_000_000
        );
        signAll(AGENT, WORKER, ISSUER);
    }

    function _contractId(uint8 which) private pure returns (bytes32) {
        return keccak256(abi.encode("contract", which % 3));
    }
}

contract LaborContractInvariants {
    Concluder private _concluder;

    function setUp() external {
        _concluder = new Concluder();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_concluder);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(_concluder);
        excluded[0].selectors = new bytes4[](1);
        excluded[0].selectors[0] = Concluding.setUp.selector;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function invariant_NothingUnlawfulIsConcluded() external view {
        require(!_concluder.unlawful(), "concluded what must not be concluded");
    }

    function invariant_EveryConclusionCountsOnce() external view {
        uint64 region = 500107001;
        uint32 month = ShanghaiMonth.monthOf(block.timestamp);
        require(_concluder.counted(0, 0) == _concluder.count(), "all");
        require(_concluder.counted(0, month) == _concluder.count(), "month");
        require(_concluder.counted(region, 0) == _concluder.count(), "region");
        require(_concluder.counted(region, month) == _concluder.count(), "region and month");
    }

    function invariant_WhatWasConcludedStands() external view {
        for (uint256 i = 0; i < _concluder.count(); ++i) {
            (bytes32 id, uint32 version, bytes32 hash) = _concluder.seen(i);
            require(_concluder.recordHash(id, version) == hash, "a record changed");
            (uint32 last, bytes32 commitment) = _concluder.concluded(id);
            require(last == _concluder.lastVersion(id), "another version is the last");
            require(commitment == _concluder.lastCommitment(id), "another commitment is the last");
        }
    }
}
