// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Makes and opens tables; at 0x1001.
interface TableFactory {
    function openTable(string calldata name) external view returns (Table);
    /// `fields` with commas between them. 0, or a negative code.
    function createTable(string calldata name, string calldata key, string calldata fields) external returns (int256);
}

/// A table that was opened. Writes answer with the number of rows, or a negative code.
interface Table {
    function select(string calldata key, Condition condition) external view returns (Entries);
    function insert(string calldata key, Entry entry) external returns (int256);
    function update(string calldata key, Entry entry, Condition condition) external returns (int256);
    function remove(string calldata key, Condition condition) external returns (int256);
    function newEntry() external view returns (Entry);
    function newCondition() external view returns (Condition);
}

/// Which rows of a key are meant. Greater and less compare whole numbers.
interface Condition {
    function EQ(string calldata field, int256 value) external view;
    function EQ(string calldata field, string calldata value) external view;
    function NE(string calldata field, int256 value) external view;
    function NE(string calldata field, string calldata value) external view;
    function GT(string calldata field, int256 value) external view;
    function GE(string calldata field, int256 value) external view;
    function LT(string calldata field, int256 value) external view;
    function LE(string calldata field, int256 value) external view;
    function limit(int256 count) external view;
    function limit(int256 offset, int256 count) external view;
}

/// A row.
interface Entry {
    function getInt(string calldata field) external view returns (int256);
    function getUInt(string calldata field) external view returns (uint256);
    function getAddress(string calldata field) external view returns (address);
    function getBytes32(string calldata field) external view returns (bytes32);
    function getBytes64(string calldata field) external view returns (bytes1[64] memory);
    function getString(string calldata field) external view returns (string memory);
    function set(string calldata field, int256 value) external;
    function set(string calldata field, uint256 value) external;
    function set(string calldata field, address value) external;
    function set(string calldata field, string calldata value) external;
}

/// Rows that a select found.
interface Entries {
    function get(int256 index) external view returns (Entry);
    function size() external view returns (int256);
}

/// Makes and opens tables with one row a key; at 0x1010.
interface KVTableFactory {
    function openTable(string calldata name) external view returns (KVTable);
    function createTable(string calldata name, string calldata key, string calldata fields) external returns (int256);
}

/// A table with one row a key.
interface KVTable {
    /// Whether there is such a row, and the row.
    function get(string calldata key) external view returns (bool, Entry);
    function set(string calldata key, Entry entry) external returns (int256);
    function newEntry() external view returns (Entry);
}
