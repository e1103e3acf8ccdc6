// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Gas of accounts; at 0x1009. A code, and what remains.
interface GasChargeManage {
    function charge(address account, uint256 gas) external returns (int256, uint256);
    function deduct(address account, uint256 gas) external returns (int256, uint256);
    function queryRemainGas(address account) external view returns (int256, uint256);
    function grantCharger(address account) external returns (int256);
    function revokeCharger(address account) external returns (int256);
    function listChargers() external view returns (address[] memory);
}
