// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Balances that the node keeps; at 0x5002.
interface DagTransfer {
    function userAdd(string calldata user, uint256 balance) external returns (int256);
    function userSave(string calldata user, uint256 amount) external returns (int256);
    function userDraw(string calldata user, uint256 amount) external returns (int256);
    function userBalance(string calldata user) external view returns (int256, uint256);
    function userTransfer(string calldata from, string calldata to, uint256 amount) external returns (int256);
}
