// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Values agreed on the chain; at 0x1000.
interface SystemConfig {
    function setValueByKey(string calldata key, string calldata value) external returns (int256);
}
