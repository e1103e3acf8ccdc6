// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

import "./Table.sol";
