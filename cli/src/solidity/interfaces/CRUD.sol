// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Tables with JSON in place of objects; at 0x1002. Writes answer with the number of rows, or a negative code.
interface CRUD {
    function desc(string calldata name) external view returns (string memory, string memory);
    function insert(string calldata name, string calldata key, string calldata entry, string calldata optional)
        external
        returns (int256);
    function update(
        string calldata name,
        string calldata key,
        string calldata entry,
        string calldata condition,
        string calldata optional
    ) external returns (int256);
    function remove(string calldata name, string calldata key, string calldata condition, string calldata optional)
        external
        returns (int256);
    function select(string calldata name, string calldata key, string calldata condition, string calldata optional)
        external
        view
        returns (string memory);
}
