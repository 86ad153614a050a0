// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Decides the EIP-712 struct hash by which a node's key accepts its owner. It never registers anything.
library NodeRegistrationType {
    string internal constant TYPE = "NodeRegistration(address node,address owner,uint256 validUntil)";
    bytes32 internal constant TYPE_HASH = keccak256(bytes(TYPE));

    function hash(address node, address owner, uint256 validUntil) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE_HASH, node, owner, validUntil));
    }
}
