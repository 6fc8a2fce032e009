// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShanghaiMonth} from "../src/libraries/ShanghaiMonth.sol";
import {Concluding} from "./Concluding.sol";
import {Checks} from "./Vm.sol";

contract ConcludedCountsTest is Concluding {
    /// @dev 2026-11-22T14:27:27Z.
    uint256 private constant NOVEMBER = 1_795_357_647;

    function _counts(uint64 region, uint32 month, uint256 expected, string memory what) private view {
        equal(registry.concludedCount(region, month), expected, what);
    }

    function _next(bytes32 commitment) private {
        (terms.prev, terms.commitment, terms.version) = (terms.commitment, commitment, terms.version + 1);
        signAll(AGENT, WORKER, ISSUER);
        conclude();
    }

    function test_NothingIsCountedBefore() external view {
        _counts(0, 0, 0, "all");
        _counts(REGION, 202611, 0, "region and month");
    }

    function test_EachVersionCountsInFourCounters() external {
        vm.warp(NOVEMBER);
        conclude();
        _next(keccak256("second"));
        _counts(0, 0, 2, "all");
        _counts(0, 202611, 2, "month");
        _counts(REGION, 0, 2, "region");
        _counts(REGION, 202611, 2, "region and month");
        _counts(REGION + 1, 0, 0, "another region");
        _counts(REGION, 202612, 0, "another month");
    }

    function test_TheMonthIsTheBlocksInShanghai() external {
        vm.warp(1_796_054_399); // 2026-11-30T15:59:59Z, still November in Shanghai
        conclude();
        vm.warp(1_796_054_400); // 2026-11-30T16:00:00Z, midnight there
        _next(keccak256("second"));
        _counts(REGION, 202611, 1, "November");
        _counts(REGION, 202612, 1, "December");
        _counts(REGION, 0, 2, "region");
    }

    function test_ARefusedConclusionIsNotCounted() external {
        conclude();
        vm.expectRevert();
        conclude();
        _counts(0, 0, 1, "all");
    }

    function test_GasOfASecondVersionInTheSameMonth() external {
        conclude();
        _next(keccak256("second"));
    }
}

contract ShanghaiMonthTest is Checks {
    function test_KnownMoments() external pure {
        equal(ShanghaiMonth.monthOf(0), 197001, "epoch");
        equal(ShanghaiMonth.monthOf(951_825_599), 200002, "leap day of 2000, noon UTC less a second");
        equal(ShanghaiMonth.monthOf(951_839_999), 200002, "2000-02-29T15:59:59Z");
        equal(ShanghaiMonth.monthOf(951_840_000), 200003, "2000-02-29T16:00:00Z");
        equal(ShanghaiMonth.monthOf(1_798_732_800), 202701, "2026-12-31T16:00:00Z");
        equal(ShanghaiMonth.monthOf(1_798_732_799), 202612, "a second before");
        equal(ShanghaiMonth.monthOf(4_107_513_600), 210003, "2100-02-28T16:00:00Z: 2100 is no leap year");
    }

    function testFuzz_AgreesWithCountingMonths(uint40 timestamp) external pure {
        uint256 time = timestamp % 4_200_000_000;
        uint256 day = (time + 8 hours) / 1 days;
        (uint256 year, uint256 month) = (1970, 1);
        while (day >= _days(year, month)) {
            day -= _days(year, month);
            if (++month == 13) (year, month) = (year + 1, 1);
        }
        equal(ShanghaiMonth.monthOf(time), year * 100 + month, "month");
    }

    function _days(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) return (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28;
        return (month == 4 || month == 6 || month == 9 || month == 11) ? 30 : 31;
    }
}
