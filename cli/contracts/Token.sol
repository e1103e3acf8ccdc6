// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.6.0;

/// A plain token: balances, and transfers between accounts.
contract Token {
    mapping(address => uint256) private balances;
    uint256 public totalSupply;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    constructor(uint256 supply) public {
        balances[msg.sender] = supply;
        totalSupply = supply;
    }

    function balanceOf(address owner) public view returns (uint256) {
        return balances[owner];
    }

    function transfer(address to, uint256 amount) public returns (bool) {
        require(balances[msg.sender] >= amount, "balance too small");
        balances[msg.sender] -= amount;
        balances[to] += amount;
        emit Transfer(msg.sender, to, amount);
        return true;
    }
}
