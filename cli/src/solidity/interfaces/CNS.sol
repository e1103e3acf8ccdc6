// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Names for contracts; at 0x1004.
interface CNS {
    function insert(string calldata name, string calldata version, string calldata addr, string calldata abi_)
        external
        returns (int256);
    /// JSON: a list of objects.
    function selectByName(string calldata name) external view returns (string memory);
    function selectByNameAndVersion(string calldata name, string calldata version) external view returns (string memory);
    function getContractAddress(string calldata name, string calldata version) external view returns (address, string memory);
}
