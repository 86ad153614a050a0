// What the people of a local market do on chain before it opens: owners register and stake for their nodes, the
// consumer deposits.
import { join } from "node:path";
import { type Address, createTestClient, http, type LocalAccount } from "viem";
import {
  approveCall,
  approveStakeCall,
  depositCall,
  depositStakeCall,
  mintCall,
  registerNodeCall,
} from "#chain/calls.ts";
import type { Chain } from "#chain/connect.ts";
import { openLane } from "#chain/transaction-lane.ts";
import { signNodeRegistration } from "#node/offers/registration.ts";
import type { Amount } from "#protocol/units.ts";

/** Both in token base units: 100 tokens of stake for each node, 1,000 tokens for the consumer. */
export const LOCAL_STAKE: Amount = 100_000_000n;
export const LOCAL_DEPOSIT: Amount = 1_000_000_000n;
/** Wei: one coin of the local chain, for hundreds of clearings. */
const LOCAL_GAS = 10n ** 18n;
const REGISTRATION_SECONDS = 3_600;
/** A block comes with each transaction here. */
const POLL_MILLIS = 20;

export interface Registering {
  readonly chain: Chain;
  readonly owner: LocalAccount;
  readonly nodeKey: LocalAccount;
  /** Folder of the lanes' journals. */
  readonly lanes: string;
}

/** The owner registers its node and stakes for it; the node's key gets gas. */
export async function registerLocalNode({ chain, owner, nodeKey, lanes }: Registering): Promise<void> {
  const { domain } = chain;
  const validUntil = Math.floor(Date.now() / 1_000) + REGISTRATION_SECONDS;
  const registration = await signNodeRegistration(nodeKey, domain, owner.address, validUntil);
  await using lane = await openLane({
    chain,
    account: owner,
    journalPath: journal(lanes, owner),
    pollMillis: POLL_MILLIS,
  });
  await giveGas(chain, nodeKey.address);
  await lane.send("register", registerNodeCall(chain, registration));
  await lane.send("mint", mintCall(chain, owner.address, LOCAL_STAKE));
  await lane.send("approve", approveStakeCall(chain, LOCAL_STAKE));
  await lane.send("stake", depositStakeCall(chain, nodeKey.address, LOCAL_STAKE));
}

/** The consumer gets tokens and deposits them in its account. */
export async function fundLocalConsumer(chain: Chain, consumer: LocalAccount, lanes: string): Promise<void> {
  await using lane = await openLane({
    chain,
    account: consumer,
    journalPath: journal(lanes, consumer),
    pollMillis: POLL_MILLIS,
  });
  await lane.send("mint", mintCall(chain, consumer.address, LOCAL_DEPOSIT));
  await lane.send("approve", approveCall(chain, LOCAL_DEPOSIT));
  await lane.send("deposit", depositCall(chain, LOCAL_DEPOSIT));
}

/** A node sends clearings from its own key. */
async function giveGas({ settings }: Chain, address: Address): Promise<void> {
  const hardhat = createTestClient({ mode: "hardhat", transport: http(settings.rpcUrl) });
  await hardhat.setBalance({ address, value: LOCAL_GAS });
}

function journal(lanes: string, { address }: LocalAccount): string {
  return join(lanes, `${address.toLowerCase()}.sqlite`);
}
