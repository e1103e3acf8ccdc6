// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Sealers and observers; at 0x1003.
interface Consensus {
    function addSealer(string calldata nodeId) external returns (int256);
    function addObserver(string calldata nodeId) external returns (int256);
    function remove(string calldata nodeId) external returns (int256);
}
