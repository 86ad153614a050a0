// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IExchange} from "../../contracts/interfaces/IExchange.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Vm} from "./Vm.sol";

/// What the tests call of an exchange.
interface ExchangeFace is IExchange, IERC5267 {
    function FEE_BPS() external view returns (uint256);
}

/// What the tests call of its vault.
interface VaultFace is IVault, IERC4626 {}

/// What the tests call of its stakes.
interface StakingFace is IStaking {
    function UNBONDING() external view returns (uint40);
    function TICKET() external view returns (uint256);
}

/// The exchange with its vault and its stakes, as `hardhat build` made them: `new Exchange` would compile it again inside
/// every test contract.
abstract contract DeployedExchange {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant FEE_BPS = 100;
    /// Shares of one token's hundred.
    uint256 internal constant TICKET = 100e12;

    ExchangeFace internal exchange;
    VaultFace internal vault;
    StakingFace internal staking;
    address internal court = address(0xC047);

    function deployAll(IERC20 paymentToken, uint256 grace) internal {
        exchange = deployExchange(paymentToken, grace);
        vault = VaultFace(deployBuilt("Vault", abi.encode(paymentToken, exchange)));
        staking = StakingFace(deployBuilt("Staking", abi.encode(vault, exchange, court, TICKET)));
    }

    /// An exchange that expects its vault and its stakes where the next two deployments come to stand.
    function deployExchange(IERC20 paymentToken, uint256 grace) internal returns (ExchangeFace) {
        uint64 nonce = vm.getNonce(address(this));
        (address vaultAt, address stakingAt) = (addressAt(nonce + 1), addressAt(nonce + 2));
        return ExchangeFace(deployBuilt("Exchange", abi.encode(paymentToken, grace, FEE_BPS, vaultAt, stakingAt)));
    }

    function addressAt(uint64 nonce) private view returns (address) {
        return vm.computeCreateAddress(address(this), nonce);
    }

    function deployBuilt(string memory name, bytes memory arguments) internal returns (address deployed) {
        string memory artifact = string.concat("artifacts/contracts/", name, ".sol/", name, ".json");
        bytes memory code = bytes.concat(vm.parseJsonBytes(vm.readFile(artifact), ".bytecode"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
            if iszero(deployed) {
                let copy := mload(0x40)
                returndatacopy(copy, 0, returndatasize())
                revert(copy, returndatasize())
            }
        }
    }
}
