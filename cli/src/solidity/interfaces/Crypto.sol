// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// Hashes and signatures; at 0x5006, from 2.8.0 on.
interface Crypto {
    function sm3(bytes calldata data) external view returns (bytes32);
    function keccak256Hash(bytes calldata data) external view returns (bytes32);
    /// Whether the signature (r, s) over `message` is good, and the account of the public key.
    function sm2Verify(bytes32 message, bytes calldata publicKey, bytes32 r, bytes32 s) external view returns (bool, address);
    /// Whether the proof is good, and the number that it proves.
    function curve25519VRFVerify(string calldata input, string calldata publicKey, string calldata proof)
        external
        view
        returns (bool, uint256);
}
