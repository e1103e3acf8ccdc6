// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Who may write tables and contracts; at 0x1005. Queries answer with JSON.
interface Permission {
    function insert(string calldata table, string calldata addr) external returns (int256);
    function remove(string calldata table, string calldata addr) external returns (int256);
    function queryByName(string calldata table) external view returns (string memory);
    function grantWrite(address contract_, address user) external returns (int256);
    function revokeWrite(address contract_, address user) external returns (int256);
    function queryPermission(address contract_) external view returns (string memory);
}
