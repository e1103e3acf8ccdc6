// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.4.24 <0.9.0;

/// The committee; at 0x1008. Lists are JSON.
interface ChainGovernance {
    function grantCommitteeMember(address user) external returns (int256);
    function revokeCommitteeMember(address user) external returns (int256);
    function listCommitteeMembers() external view returns (string memory);
    function queryCommitteeMemberWeight(address user) external view returns (bool, int256);
    function updateCommitteeMemberWeight(address user, int256 weight) external returns (int256);
    function updateThreshold(int256 threshold) external returns (int256);
    function queryThreshold() external view returns (int256);
    function queryVotesOfMember(address member) external view returns (string memory);
    function queryVotesOfThreshold() external view returns (string memory);
    function grantOperator(address user) external returns (int256);
    function revokeOperator(address user) external returns (int256);
    function listOperators() external view returns (string memory);
    function freezeAccount(address account) external returns (int256);
    function unfreezeAccount(address account) external returns (int256);
    function getAccountStatus(address account) external view returns (string memory);
}
