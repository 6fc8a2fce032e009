// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Calendar month of a moment in Asia/Shanghai
/// @dev The zone has kept UTC+8 without summer time since 1991, so a fixed offset is exact for every block. The civil date
///      from the day number is Howard Hinnant's `civil_from_days` (chrono-compatible low-level date algorithms), in years
///      that begin in March.
library ShanghaiMonth {
    /// @notice 100 x year + month of a Unix time in seconds.
    function monthOf(uint256 timestamp) internal pure returns (uint32) {
        unchecked {
            uint256 day = (timestamp + 8 hours) / 1 days + 719_468;
            uint256 era = day / 146_097;
            uint256 dayOfEra = day - era * 146_097;
            uint256 yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 march = (5 * dayOfYear + 2) / 153;
            uint256 month = march < 10 ? march + 3 : march - 9;
            uint256 year = yearOfEra + era * 400 + (month < 3 ? 1 : 0);
            return uint32(year * 100 + month);
        }
    }
}
