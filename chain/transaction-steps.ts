// Decides the single steps of a transaction: its gas, fees and nonce, its signed bytes, its way to the endpoint and
// what became of it. It never remembers anything: the journal does.
import {
  type Hex,
  keccak256,
  type LocalAccount,
  parseTransaction,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ContractCall } from "./calls.ts";
import { asChainCall, isNotTaken, toChainError } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import type { Attempt, JournalEntry } from "./lane-journal.ts";
import { CHAIN_LIMITS } from "./limits.ts";
import { revertedWithout } from "./refusals.ts";

export interface Sender {
  readonly chain: Chain;
  readonly account: LocalAccount;
}

/** Wei per gas. */
interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

interface Plan extends Fees {
  readonly gas: bigint;
}

/**
 * Tries the call on top of what is pending, and says what it will take.
 * @throws the contract's refusal, `gas-unfunded`, `chain-unreachable`
 */
export async function planCall({ chain, account }: Sender, call: ContractCall): Promise<Plan> {
  const { client, settings } = chain;
  const request = { account: account.address, to: call.to, data: call.data, blockTag: "pending" } as const;
  return asChainCall(settings.rpcUrl, call.name, async () => {
    const [estimate, fees, balance] = await Promise.all([
      client.estimateGas({ ...request, prepare: false }),
      client.estimateFeesPerGas(),
      client.getBalance({ address: account.address, blockTag: "pending" }),
    ]);
    // What the call does may change until it is mined, such as the first write to a slot.
    const wanted = (estimate * 5n) / 4n;
    const gas = wanted < CHAIN_LIMITS.transactionGas ? wanted : CHAIN_LIMITS.transactionGas;
    requireGas(call.name, balance, gas * fees.maxFeePerGas);
    return { gas, maxFeePerGas: fees.maxFeePerGas, maxPriorityFeePerGas: fees.maxPriorityFeePerGas };
  });
}

export async function signCall(sender: Sender, call: ContractCall, nonce: number, plan: Plan): Promise<Attempt> {
  const { chain, account } = sender;
  const raw = await account.signTransaction({
    type: "eip1559",
    chainId: chain.settings.chainId,
    to: call.to,
    data: call.data,
    nonce,
    ...plan,
  });
  return { hash: keccak256(raw), raw };
}

/**
 * The same call and nonce with fees that an endpoint takes as a replacement: at least an eighth higher.
 * @throws `gas-unfunded`, `chain-unreachable`
 */
export async function signReplacement(sender: Sender, entry: JournalEntry): Promise<Attempt> {
  const { client, settings } = sender.chain;
  const last = parseTransaction((entry.attempts.at(-1) as Attempt).raw as `0x02${string}`);
  const [now, balance] = await asChainCall(settings.rpcUrl, "the fees", () =>
    Promise.all([client.estimateFeesPerGas(), client.getBalance({ address: sender.account.address })]),
  );
  const raise = (old: bigint | undefined, current: bigint) => {
    const higher = ((old ?? 0n) * 9n) / 8n + 1n;
    return higher > current ? higher : current;
  };
  const maxPriorityFeePerGas = raise(last.maxPriorityFeePerGas, now.maxPriorityFeePerGas);
  const maxFeePerGas = raise(last.maxFeePerGas, now.maxFeePerGas);
  const gas = last.gas ?? CHAIN_LIMITS.transactionGas;
  requireGas(entry.name, balance, gas * maxFeePerGas);
  const call = { to: last.to ?? settings.exchange, data: last.data ?? "0x", name: entry.name };
  return signCall(sender, call, entry.nonce, { gas, maxFeePerGas, maxPriorityFeePerGas });
}

/**
 * Hands the bytes to the endpoint. Returns also when it cannot tell whether they were taken: whoever polls finds out.
 * @throws only what proves that they were not taken, such as `gas-unfunded`
 */
export async function broadcast({ client, settings }: Chain, attempt: Attempt, name: string): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction: attempt.raw });
  } catch (error) {
    if (isNotTaken(error) && !(await isKnown(client, attempt.hash))) throw toChainError(error, name, settings.rpcUrl);
  }
}

/** The receipt of whichever attempt was mined. @throws `chain-unreachable` */
export async function findReceipt(chain: Chain, attempts: readonly Attempt[]): Promise<TransactionReceipt | undefined> {
  const { client, settings } = chain;
  for (const { hash } of attempts.toReversed()) {
    try {
      return await client.getTransactionReceipt({ hash });
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError))
        throw toChainError(error, "the receipt", settings.rpcUrl);
    }
  }
  return undefined;
}

/** What the endpoint says when it cannot try the call in an old state. */
const UNTOLD: ReadonlySet<string> = new Set(["chain-unreachable", "chain-refused", "gas-unfunded"]);

/** Why a mined transaction was reverted: the call is tried once more in the state of its block. */
export async function explainRevert(
  { chain, account }: Sender,
  attempt: Attempt,
  name: string,
  receipt: TransactionReceipt,
): Promise<ProtocolError> {
  const plain = revertedWithout(name, { transaction: receipt.transactionHash });
  if (attempt.raw === "0x") return plain;
  const { to, data, gas } = parseTransaction(attempt.raw as `0x02${string}`);
  try {
    const { client } = chain;
    await client.call({
      account: account.address,
      ...(to && { to }),
      ...(data && { data }),
      ...(gas !== undefined && { gas }),
      blockNumber: receipt.blockNumber,
    });
    return plain;
  } catch (cause) {
    const found = toChainError(cause, name, chain.settings.rpcUrl);
    return UNTOLD.has(found.code) ? plain : found;
  }
}

async function isKnown(client: Chain["client"], hash: Hex): Promise<boolean> {
  return client.getTransaction({ hash }).then(
    () => true,
    () => false,
  );
}

function requireGas(name: string, balance: bigint, needed: bigint): void {
  if (balance >= needed) return;
  throw new ProtocolError("funds", "gas-unfunded", `The account cannot pay the gas for ${name}; nothing was sent.`, {
    hint: "Send some of the chain's own currency to the account.",
    context: { call: name, balanceWei: balance, neededWei: needed },
  });
}
