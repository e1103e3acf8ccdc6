// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.6.0;

/// The usual first contract: one text that anyone may read and write.
contract HelloWorld {
    string private name;

    event NameChanged(string name);

    constructor() public {
        name = "Hello, World!";
    }

    function get() public view returns (string memory) {
        return name;
    }

    function set(string memory newName) public {
        name = newName;
        emit NameChanged(newName);
    }
}
