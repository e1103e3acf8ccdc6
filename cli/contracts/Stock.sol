// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.6.0;
pragma experimental ABIEncoderV2;

// The interfaces of the tables that chains have built in; they come with the compiler.
import "./Table.sol";

/// Goods in a table, which `select * from t_stock where place = ...` shows too.
contract Stock {
    string private constant TABLE = "t_stock";
    TableFactory private constant FACTORY = TableFactory(0x1001);

    event Stored(string place, string good, int256 count);

    constructor() public {
        FACTORY.createTable(TABLE, "place", "good,count");
    }

    function store(string memory place, string memory good, int256 count) public returns (int256) {
        Table table = FACTORY.openTable(TABLE);
        Entry entry = table.newEntry();
        entry.set("place", place);
        entry.set("good", good);
        entry.set("count", count);
        int256 rows = table.insert(place, entry);
        require(rows == 1, "the row was not written");
        emit Stored(place, good, count);
        return rows;
    }

    function look(string memory place, int256 atLeast) public view returns (string[] memory, int256[] memory) {
        Table table = FACTORY.openTable(TABLE);
        Condition condition = table.newCondition();
        condition.GE("count", atLeast);
        Entries entries = table.select(place, condition);
        string[] memory goods = new string[](uint256(entries.size()));
        int256[] memory counts = new int256[](uint256(entries.size()));
        for (int256 i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            goods[uint256(i)] = entry.getString("good");
            counts[uint256(i)] = entry.getInt("count");
        }
        return (goods, counts);
    }
}
