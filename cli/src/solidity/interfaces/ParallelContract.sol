// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Declares which parameters transactions collide in; at 0x1006.
interface ParallelConfigPrecompiled {
    function registerParallelFunctionInternal(address contract_, string calldata signature, uint256 criticalSize)
        external
        returns (int256);
    function unregisterParallelFunctionInternal(address contract_, string calldata signature) external returns (int256);
}

/// Base of contracts that declare it.
abstract contract ParallelContract {
    ParallelConfigPrecompiled private constant CONFIG = ParallelConfigPrecompiled(address(0x1006));

    function registerParallelFunction(string memory signature, uint256 criticalSize) public {
        CONFIG.registerParallelFunctionInternal(address(this), signature, criticalSize);
    }

    function unregisterParallelFunction(string memory signature) public {
        CONFIG.unregisterParallelFunctionInternal(address(this), signature);
    }

    function enableParallel() public virtual;
    function disableParallel() public virtual;
}
