// The accounts that every Hardhat chain knows and nobody should ever fund elsewhere.
import type { LocalAccount } from "viem";
import { mnemonicToAccount } from "viem/accounts";

export const DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk";

/** Hardhat's 20 development accounts, in its order. */
export function developmentAccounts(): LocalAccount[] {
  return Array.from({ length: 20 }, (_, addressIndex) => mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex }));
}
