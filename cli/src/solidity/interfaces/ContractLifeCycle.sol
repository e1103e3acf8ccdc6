// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Contracts that can be frozen; at 0x1007.
interface ContractLifeCycle {
    function freeze(address contract_) external returns (int256);
    function unfreeze(address contract_) external returns (int256);
    function grantManager(address contract_, address user) external returns (int256);
    function revokeManager(address contract_, address user) external returns (int256);
    function getStatus(address contract_) external view returns (int256, string memory);
    function listManager(address contract_) external view returns (int256, address[] memory);
}
