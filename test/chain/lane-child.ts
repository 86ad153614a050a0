// A program of its own that mints once by a lane, to be killed by lane-crash.test.ts while it does.
import { mnemonicToAccount } from "viem/accounts";
import { mintCall } from "#chain/calls.ts";
import { type ChainSettings, connectChain } from "#chain/connect.ts";
import { openLane } from "#chain/transaction-lane.ts";
import { DEVELOPMENT_MNEMONIC } from "./development-accounts.ts";

const { settings, addressIndex, journalPath } = JSON.parse(process.argv[2] ?? "{}") as {
  settings: ChainSettings;
  addressIndex: number;
  journalPath: string;
};
const account = mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex });
const chain = await connectChain(settings);
await using lane = await openLane({ chain, account, journalPath });
await lane.send("mint", mintCall(chain, account.address, 1n));
