// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.6.0;
pragma experimental ABIEncoderV2;

/// Notes with tags: structs, lists, functions of one name, and bytes, to try parameters with.
contract Notebook {
    struct Note {
        string title;
        uint256 priority;
        bytes32 digest;
    }

    address public owner;
    Note[] private notes;

    event NoteAdded(uint256 indexed index, address indexed author, string title);

    constructor(address newOwner) public {
        owner = newOwner;
    }

    function add(Note memory note) public returns (uint256) {
        require(bytes(note.title).length > 0, "a note needs a title");
        notes.push(note);
        emit NoteAdded(notes.length - 1, msg.sender, note.title);
        return notes.length - 1;
    }

    function addAll(string[] memory titles) public returns (uint256) {
        for (uint256 i = 0; i < titles.length; i++) add(Note(titles[i], 0, 0));
        return notes.length;
    }

    function find(uint256 index) public view returns (Note memory) {
        require(index < notes.length, "no such note");
        return notes[index];
    }

    function find(string memory title) public view returns (uint256) {
        for (uint256 i = 0; i < notes.length; i++) {
            if (keccak256(bytes(notes[i].title)) == keccak256(bytes(title))) return i;
        }
        revert("no such note");
    }

    function sum(uint256[3] memory numbers) public pure returns (uint256, bool) {
        uint256 total = numbers[0] + numbers[1] + numbers[2];
        return (total, total % 2 == 0);
    }

    function give(address newOwner) public {
        require(msg.sender == owner, "only the owner may");
        owner = newOwner;
    }
}
