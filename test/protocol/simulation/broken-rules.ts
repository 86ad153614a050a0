// Rules that are broken on purpose, one at a time: each is a piece of a rule's text and what stands there instead.

export interface BrokenRule {
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  /** Stands once in the file. */
  readonly is: string;
  readonly becomes: string;
  /** Why no unit ends elsewhere by it; undefined: the simulation must find it. */
  readonly harmless?: string;
}

type Breach = readonly [name: string, is: string, becomes: string, harmless?: string];

const PAYER: readonly Breach[] = [
  ["payer ignores what was forced", "settled.includes(order.nonce)", "false"],
  ["payer keeps its voucher after a force", "forced === ledger.forced ? ledger.signed : undefined", "ledger.signed"],
  ["payer takes a torn reading", "ledger.forced + newly !== forced ||", ""],
  ["payer pays for forced orders", 'standing: "forced", price: 0n }', 'standing: "forced" }'],
  ["payer covers open orders", "firstOpen === -1 ? ledger.orders : ledger.orders.slice(0, firstOpen)", "ledger.orders"],
  ["payer ends a lease with open orders", "(last && firstOpen !== -1)", "false"],
  ["payer forgets what was cleared", "ledger.cleared.perNode);", "0n);"],
  ["payer pays cleared orders again", "orders.filter(({ nonce }) => nonce > upTo)", "orders"],
  ["payer gives up an order at once", "forcibleUntil < now", "forcibleUntil - 70 < now"],
  ["payer never gives up an order", "forcibleUntil < now", "false"],
  [
    "payer signs for the count before",
    "upTo, forced: ledger.forced, last",
    "upTo, forced: Math.max(0, ledger.forced - 1), last",
  ],
  ["payer orders on after its last voucher", "if (ledger.signed?.last) throw", "if (false) throw"],
];

const PAYEE: readonly Breach[] = [
  ["payee takes any count of forced orders", "voucher.forced !== chain.forced", "false"],
  ["payee takes vouchers that say less", "if (less || (isEnded", "if (false && (isEnded"],
  ["payee lets the last voucher be taken back", "(isEnded(ledger) && !voucher.last)", "false"],
  ["payee takes vouchers over open orders", "if (open) {", "if (false) {"],
  ["payee takes vouchers that pay too little", "voucher.perNode >= due", "true"],
  ["payee takes vouchers that pay one unit too little", "voucher.perNode >= due", "voucher.perNode + 1n >= due"],
  [
    "payee looks at no order after upTo in a last voucher",
    "(voucher.last || nonce <= voucher.upTo);",
    "nonce <= voucher.upTo;",
  ],
  [
    "payee counts forced orders as due",
    'order.standing !== "forced" && covers(order)',
    "covers(order)",
    "what is forced is due nothing, so it adds nothing",
  ],
  ["payee counts covered orders again", "nonce > signed.upTo && (voucher.last", "(voucher.last"],
  ["payee takes what the lease cannot pay", "needed <= chain.remaining", "true"],
  ["payee serves without limit", "unsigned <= credit", "true"],
  ["payee serves after the last voucher", "if (isEnded(ledger)) {", "if (false) {"],
  ["payee serves what a voucher covers", "if (nonce <= upTo) {", "if (false) {"],
  [
    "payee trusts a void voucher",
    "const valid = held !== undefined && held.forced === chain.forced",
    "const valid = held !== undefined",
  ],
  [
    "payee clears a void voucher",
    "held === undefined || held.forced !== chain.forced ||",
    "held === undefined ||",
    "it signs no claim meanwhile, and forces each order alone when half of the grace is over",
  ],
  ["payee has all the time to clear", "Math.min(...covered.map(({ forcibleUntil }) => forcibleUntil))", "undefined"],
  ["payee clears by the last order's end", "Math.min(...covered.map", "Math.max(...covered.map"],
];

const PRICE: readonly Breach[] = [
  ["upper median", "Math.floor((sorted.length - 1) / 2)", "Math.floor(sorted.length / 2)"],
  ["highest price", "Math.floor((sorted.length - 1) / 2)", "sorted.length - 1"],
  ["lowest price", "Math.floor((sorted.length - 1) / 2)", "0"],
  ["no cap", "?? 0n, maxPrice);", "?? 0n, maxPrice * 9n);"],
  [
    "a node expects its own price",
    "return least(own, voucherPrice(shown.length === 0 ? [own] : shown, maxPrice))",
    "return least(own, maxPrice)",
  ],
  [
    "a node expects the median above its own price",
    "return least(own, voucherPrice",
    "return least(maxPrice, voucherPrice",
  ],
];

const RESCUE: readonly Breach[] = [
  ["rescue settles at once", "Math.max(0, deadline - attestedAt) / 2)", "Math.max(0, deadline - attestedAt) * 2)"],
  [
    "rescue looks at no time of the consumer's",
    "if (now < deadline - early) return",
    "if (false) return",
    "the first node's turn begins at the same moment",
  ],
  [
    "rescue speaks at once",
    "attestedAt + Math.min(RESCUE.quietSeconds",
    "attestedAt + 0 * Math.min(RESCUE.quietSeconds",
  ],
  [
    "rescue settles what is covered",
    "if (isCovered(question) && now < voucherCall(question)) return",
    "if (false) return",
    "bounded: what is forced pays the same, for the consumer's force fee, and the rest of the voucher gets another one",
  ],
  ["rescue waits for a voucher for ever", "isCovered(question) && now < voucherCall(question)", "isCovered(question)"],
  [
    "rescue settles where it should adjudicate",
    'to("adjudicate", "a node dissents")',
    'to("settle", "a node dissents")',
  ],
  ["rescue never settles what a quorum attests", "if (alike >= needed) {", "if (false) {"],
  ["rescue waits for missing attestations for ever", "missing > 0 && now < askUntil", "missing > 0"],
  [
    "rescue claims for ever",
    "if (now < lastCall(question) && !(question.claimRefused && now >= half)) return",
    "if (true) return",
  ],
  [
    "rescue asks nobody",
    'if (others.length + 1 < committee) return to("ask"',
    'if (others.length + 1 < committee) return to("wait"',
  ],
  [
    "rescue never accuses",
    'takeTurn(question, deadline + askSeconds(question), to("accuse", "a dissenter was left out"))',
    'to("nothing", "paid")',
  ],
  ["rescue sends nothing that is paid", "if (paid) return", "if (false) return"],
  [
    "everybody goes first",
    "now < from + rank * turnSeconds(question)",
    "false",
    "the contracts carry the first call out and refuse the others: turns save gas",
  ],
  ["rescue pays any gas", "if (gain <= cost) return false;", ""],
  ["rescue never finds it urgent", "return urgent || cost", "return cost"],
];

const CLAIM: readonly Breach[] = [
  [
    "a claim of what some did not attest",
    "if (nodes.size !== committee || said.length !== committee) {",
    "if (false) {",
  ],
  [
    "a claim pays no cap",
    "voucherPrice(\n          said.map(({ price }) => price),\n          order.maxPrice,",
    "voucherPrice(\n          said.map(({ price }) => price),\n          order.maxPrice * 0n,",
  ],
];

const COURT: readonly Breach[] = [
  ["the accused does not appeal", 'because("appeal", "the node is accused")', 'because("wait", "the node is accused")'],
  ["the accused asks for ever", "now < deadline + 1.5 * graceSeconds", "true"],
  ["nobody punishes without an appeal", 'because("punish", "nobody appealed")', 'because("wait", "nobody appealed")'],
  [
    "jurors hand in too few votes",
    'if (alike < verdictSeats(seats)) return "gather"',
    'if (alike < 0) return "gather"',
  ],
  ["jurors never hand in a verdict", 'return isTurn(question, gathered) ? "decide" : "wait"', 'return "wait"'],
  ["jurors punish nobody", 'return liars > 0 ? "punish" : "pay"', 'return "pay"'],
];

const VOIDED: readonly Breach[] = [
  [
    "a clearing voids a signed claim",
    "const voids = ({ orders }: StandingClaim) => last || orders.some(({ nonce }) => nonce <= upTo);",
    "const voids = (_: StandingClaim) => false;",
  ],
  ["a last voucher voids a signed claim", "=> last || orders", "=> orders"],
];

const VIEW: readonly Breach[] = [
  [
    "a node works on what it has lost",
    "deadline + graceSeconds >= now",
    "true",
    "it only asks for more, and takes no voucher that does not pay what it lost",
  ],
  ["a node forgets an order at its deadline", "deadline + graceSeconds >= now", "deadline >= now"],
];

const COVERS: readonly Breach[] = [
  [
    "a void voucher covers",
    "held.forced === facts.forced &&",
    "",
    "the order waits for the last eighth of its grace, and is forced then",
  ],
  ["a voucher covers every order", "(held.last || nonce <= held.upTo)", "true"],
];

const CLEARING: readonly Breach[] = [
  ["no clearing is urgent", "now + marginSeconds >= clearBy", "false"],
  ["every clearing is worthless", "if (gain <= cost) return", "if (gain >= cost) return"],
];

const breaches: readonly (readonly [file: string, breaches: readonly Breach[]])[] = [
  ["protocol/payer-ledger.ts", PAYER],
  ["protocol/payee-ledger.ts", PAYEE],
  ["protocol/voucher-price.ts", PRICE],
  ["protocol/rescue-decision.ts", RESCUE],
  ["protocol/claim-work.ts", CLAIM],
  ["protocol/clearing-decision.ts", CLEARING],
  ["protocol/court-decision.ts", COURT],
  ["node/rescue/voided-claim.ts", VOIDED],
  ["node/vouchers/payee-view.ts", VIEW],
  ["node/rescue/rescue-view.ts", COVERS],
];

export const BROKEN_RULES: readonly BrokenRule[] = breaches.flatMap(([file, all]) =>
  all.map(([name, is, becomes, harmless]) => ({
    name,
    file,
    is,
    becomes,
    ...(harmless !== undefined && { harmless }),
  })),
);
