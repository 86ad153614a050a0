// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The terms of a lease. Only their EIP-712 struct hash, the lease id, is stored; whoever acts on a lease shows them.
struct Lease {
    /// Whose account funds the lease and receives its remainder.
    address consumer;
    /// Signs the orders of this lease; can spend this lease's funds and nothing else.
    address sessionKey;
    /// Chosen by the consumer so that equal terms can be leased again; a lease id never reopens.
    bytes32 salt;
    /// The committee, strictly ascending, so that no node stands in it twice.
    address[] nodes;
}

/// The consumer's signed instruction for one or more jobs in a lease.
struct JobOrder {
    bytes32 lease;
    /// Each nonce is settled at most once per lease.
    uint32 nonce;
    /// Merkle root of the job specifications.
    bytes32 jobs;
    /// The most that each node of the committee may be paid for the whole order, token base units.
    uint96 maxPrice;
    /// Paid on top, from the lease, to whoever settles the order without the consumer's voucher.
    uint96 forceFee;
    /// Share of the committee, in 1/10,000, that must attest the same result; more than half.
    uint16 quorumBps;
    /// Attestations are signed until here, Unix seconds; not after the lease's expiry.
    uint40 deadline;
}

/// A node's statement of an order's result and its own price for it.
struct Attestation {
    address node;
    /// Merkle root of the order's receipts: answers and metered usage.
    bytes32 resultHash;
    /// What the node asks for the whole order, token base units.
    uint96 price;
    /// Hash of the set of commitments that the node held when it attested.
    bytes32 commits;
    /// By the node's key over `Attestation(order, node, resultHash, price, commits)`.
    bytes signature;
}

/// A consumer's signed wish that anyone may open this lease for it.
struct LeaseOpening {
    Lease lease;
    uint96 amount;
    uint40 expiry;
    /// Nobody can open it later than this.
    uint40 validUntil;
    /// By the consumer's account, or by its contract (ERC-1271), over `OpenLease(lease, amount, expiry, validUntil)`.
    bytes signature;
}

/// An order that a whole committee has done and its consumer has not paid by voucher.
struct ClaimedOrder {
    JobOrder order;
    /// By the session key over the order.
    bytes signature;
}

/// Why a clearing left an entry as it was.
enum SkipReason {
    None,
    /// An entry names a node that is not in the batch's table, or more nodes than a committee has.
    SeatUnknown,
    /// The lease is closed, or nobody opened these terms.
    LeaseNotLive,
    /// A node of the committee did not sign the batch.
    NodeNotSigned,
    /// The session key did not sign the voucher, or signed another number of forced settlements.
    VoucherNotSigned,
    /// Orders were settled without a voucher since this one was signed.
    ForcedSince,
    /// The voucher says less than one that was cleared before, or nothing more.
    VoucherStale,
    LeaseUnderfunded
}

/// Derived from a lease's facts and the clock, never stored, so that it cannot disagree with the money.
enum LeaseStatus {
    /// Never opened.
    None,
    /// Until its expiry: orders may be signed and settled.
    Live,
    /// From expiry to expiry + grace: orders signed in time may still be settled.
    Ending,
    /// After expiry + grace: anyone may close it.
    Closable,
    /// The remainder is back in the consumer's account; the lease id never opens again.
    Closed
}

/// What the exchange knows of a lease; the terms themselves are shown by whoever acts on it.
struct LeaseView {
    LeaseStatus status;
    /// What the lease still holds, base units.
    uint96 funds;
    /// What each node of the committee has been paid by vouchers, base units.
    uint64 paidPerNode;
    /// Orders up to and including this nonce are covered by a cleared voucher.
    uint32 upTo;
    /// How many orders were settled without a voucher.
    uint16 forced;
    uint40 expiry;
}

/// What the exchange knows of a node.
struct NodeView {
    /// Zero when the node is not registered.
    address owner;
    /// Earned and not yet collected, base units.
    uint96 earned;
}

/// @title The exchange: accounts, nodes, leases, and payment for what a committee agreed on.
/// @notice Amounts are base units of the payment token, times are Unix seconds. Nobody owns this contract: there is no
/// admin, pause, upgrade or privileged caller, and every exit is open to anyone after its deadline.
///
/// Assumptions on the payment token: `transfer` and `transferFrom` move exactly the amount named, balances change by
/// transfers only, and transfers are not censored. A token that takes a fee is refused at the first deposit; one that
/// rebases downwards, or that blocks an address, breaks the exits of those it touches. Units sent to the exchange
/// without `deposit` belong to nobody and stay where they are.
///
/// Four rungs settle a lease, each open to anyone: `clear` by the consumer's voucher, `claim` by the whole committee when
/// the consumer is silent, `settle` and `adjudicate` by attestations when nodes are silent or disagree, and `close`.
/// A forced settlement (any but `clear`) raises the lease's `forced`, which every voucher names, so nothing is paid
/// twice over two rungs.
///
/// What breaks liveness, and how it heals: a silent consumer, by `claim` after the deadlines; a silent node, by a quorum
/// of the others after the deadline; a committee that finds no quorum, by `close` after expiry + grace.
///
/// Signatures are EIP-712 over the domain `{ name: "mimik exchange", version: "1", chainId, verifyingContract }`, 65
/// bytes or the 64 of EIP-2098, with low `s`.
interface IExchange {
    /// @notice Seconds after a deadline or an expiry in which what was done in time can still be settled.
    function GRACE() external view returns (uint40);

    // Accounts

    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    error TokenNotUsable(address token);
    error FeeOutOfRange(uint256 feeBps, uint256 max);
    error GraceOutOfRange(uint256 grace, uint256 min, uint256 max);
    /// The token moved another amount than asked: it charges a fee or rebases.
    error TokenNotExact(uint256 asked, uint256 moved);
    error ExchangeFull(uint256 balance, uint256 max);
    error AmountZero();
    error AccountUnderfunded(address account, uint256 balance, uint256 needed);

    /// @notice Moves `amount` of the caller's tokens into the caller's account.
    function deposit(uint256 amount) external;

    /// @notice `deposit` with the allowance signed beside it. A permit that somebody already spent does no harm, as long
    /// as the allowance is there.
    function depositWithPermit(uint256 amount, uint256 validUntil, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves `amount` from the caller's account to the caller's tokens.
    function withdraw(uint256 amount) external;

    /// @notice What `account` can withdraw or spend.
    function balanceOf(address account) external view returns (uint256);

    // Nodes

    event NodeRegistered(address indexed node, address indexed owner);
    /// `amount` went to the owner's account, `fee` to the profit share's.
    event EarningsCollected(address indexed node, address indexed owner, uint256 amount, uint256 fee);

    error SignatureExpired(uint256 validUntil, uint256 time);
    error NodeSignatureInvalid(address node);
    error NodeAlreadyRegistered(address node, address owner);
    error NodeUnknown(address node);
    error TooManyNodes(uint256 nodes, uint256 max);

    /// @notice Binds `node` to the caller, who will own its earnings and stake. `signature` is by the node's key over
    /// `NodeRegistration(node, owner, validUntil)`, so nobody registers a key that is not theirs. A binding is for ever.
    function registerNode(address node, uint256 validUntil, bytes calldata signature) external;

    /// @notice Moves what the nodes earned to their owners' accounts, less the fee for the profit share, which is fixed at
    /// construction, 5 % at most. Anyone may call.
    function collectEarnings(address[] calldata nodes) external;

    function nodeOf(address node) external view returns (NodeView memory);

    // Leases

    event LeaseOpened(
        bytes32 indexed leaseId,
        address indexed consumer,
        address sessionKey,
        address[] nodes,
        bytes32 salt,
        uint96 amount,
        uint40 expiry
    );
    event OpeningSkipped(bytes32 indexed leaseId, uint256 index, bytes reason);
    event LeaseToppedUp(bytes32 indexed leaseId, address indexed from, uint256 amount);
    event LeaseExtended(bytes32 indexed leaseId, uint40 expiry);
    event LeaseClosed(bytes32 indexed leaseId, address indexed consumer, uint256 refund);

    error NotConsumer(address consumer, address caller);
    error OpeningSignatureInvalid(address consumer);
    error TooManyOpenings(uint256 openings, uint256 max);
    error SessionKeyZero();
    error CommitteeSizeOutOfRange(uint256 size, uint256 min, uint256 max);
    error CommitteeNotAscending(address node);
    /// A packed opening names a node that is not in the batch's table.
    error SeatUnknown(uint256 seat, uint256 nodes);
    error OwnerRepeated(address owner, address node);
    error ExpiryOutOfRange(uint256 expiry, uint256 min, uint256 max);
    error LeaseAlreadyOpened(bytes32 leaseId);
    error LeaseNotLive(bytes32 leaseId, LeaseStatus status);
    error LeaseNotClosable(bytes32 leaseId, uint256 from, uint256 time);

    /// @notice Locks `amount` of the caller's account for the committee `lease.nodes`: 1 to 16 registered nodes,
    /// strictly ascending, of distinct owners. The lease id is the EIP-712 struct hash of `lease`, without domain.
    function open(Lease calldata lease, uint256 amount, uint40 expiry) external returns (bytes32 leaseId);

    /// @notice `open` by the consumer's signature; anyone may send it, and nobody can change it.
    function openSigned(LeaseOpening calldata opening) external returns (bytes32 leaseId);

    /// @notice Opens many leases of many consumers, at most 1,024. One that cannot be opened is skipped, and the event
    /// carries the error that `openSigned` gives for it; malformed calldata reverts. Only keys sign here: a contract, when
    /// asked, could burn the gas of all the others.
    /// @param batch Packed as `OpeningCalldata` says.
    function openMany(bytes calldata batch) external;

    /// @notice Adds `amount` of the caller's account to a lease that is not closed. Anyone may call; a remainder goes to
    /// the consumer all the same.
    function topUp(bytes32 leaseId, uint256 amount) external;

    /// @notice Moves the expiry later. Only the consumer may call.
    function extend(Lease calldata lease, uint40 expiry) external;

    /// @notice After expiry + grace, returns the remainder to the consumer's account. Anyone may call.
    function close(Lease calldata lease) external;

    function leaseOf(bytes32 leaseId) external view returns (LeaseView memory);

    /// @notice Whether the order with `nonce` was settled without a voucher.
    function isSettled(bytes32 leaseId, uint32 nonce) external view returns (bool);

    // Settlement with the consumer's voucher

    /// A lease's part in a clearing: its voucher now stands at `perNode` and `upTo`, and `total` left the lease.
    event LeaseCleared(bytes32 indexed leaseId, uint64 perNode, uint32 upTo, uint256 total);
    /// A node's part in the clearing of the same transaction, netted over all leases in it.
    event NodeCleared(address indexed node, uint256 amount);
    event EntrySkipped(bytes32 indexed batchId, bytes32 indexed leaseId, uint256 index, SkipReason reason);
    event BatchCleared(bytes32 indexed batchId, bytes32 receiptsRoot);

    error BatchMalformed(uint256 length, uint256 needed);
    error BatchTooLarge(uint256 nodes, uint256 max);

    /// @notice Charges many leases by their session keys' cumulative vouchers, `Voucher(lease, perNode, upTo, forced,
    /// last)`, and pays the nodes, netted. Anyone may call, whenever the leases are not closed.
    ///
    /// Every node signs once, over the whole batch, `ClearingBatch(entries, receiptsRoot, validUntil)`, because a
    /// voucher also takes away: orders up to `upTo` can no longer be forced, and `last` closes the lease at once and
    /// returns its remainder. `perNode` and `upTo` only grow. A voucher that was signed before a forced settlement is
    /// void, so a node clears a voucher, or claims its orders, before the first of their deadlines + grace.
    ///
    /// A bad entry is skipped with its reason and does not touch the others; malformed calldata reverts.
    /// @param batch Packed as `ClearingCalldata` says.
    function clear(bytes calldata batch) external;

    // Settlement without a voucher

    event OrderSettled(
        bytes32 indexed leaseId,
        bytes32 indexed orderId,
        uint32 nonce,
        bytes32 resultHash,
        uint256 total
    );
    /// The committee was paid `perNode` each for all of `orderIds` together.
    event OrdersClaimed(
        bytes32 indexed leaseId,
        bytes32 indexed claimId,
        uint96 perNode,
        bytes32 receiptsRoot,
        bytes32[] orderIds
    );
    /// `orderId` is the id of the order, or of the claim.
    event NodePaid(address indexed node, bytes32 indexed leaseId, bytes32 indexed orderId, uint256 amount);
    /// What orders promise to whoever settles them after their deadline went to the account of `to`.
    event ForceFeePaid(bytes32 indexed orderId, address indexed to, uint256 amount);

    error OrderOfOtherLease(bytes32 leaseId, bytes32 ordered);
    error OrderSignatureInvalid(bytes32 orderId, address sessionKey);
    error OrderOutlivesLease(uint256 deadline, uint256 expiry);
    /// The consumer still has time to pay by voucher.
    error OrderInTime(bytes32 orderId, uint256 deadline, uint256 time);
    error OrderExpired(bytes32 orderId, uint256 until, uint256 time);
    error QuorumOutOfRange(uint256 quorumBps, uint256 min, uint256 max);
    error NonceCovered(uint256 nonce, uint256 upTo);
    error NonceUsed(uint256 nonce);
    error AttestationsNotAscending(address node);
    error NotInCommittee(address node);
    error AttestationSignatureInvalid(address node);
    error AttestationsMissing(uint256 present, uint256 committee, uint256 deadline);
    error NoQuorum(
        bytes32 orderId,
        uint256 agreeing,
        uint256 committee,
        uint256 agreeingStake,
        uint256 committeeStake,
        uint256 quorumBps
    );
    error LeaseUnderfunded(bytes32 leaseId, uint256 funds, uint256 needed);
    error ClaimSizeOutOfRange(uint256 orders, uint256 min, uint256 max);
    error ClaimSignaturesMissing(uint256 present, uint256 committee);
    error ClaimSignatureInvalid(address node);
    error ClaimExceedsOrders(uint256 perNode, uint256 max);

    /// @notice Pays the nodes that agree on the order's result; anyone may call, from the moment that the attestations
    /// exist until the order's deadline + grace. Until the deadline every node of the committee must be among the
    /// attestations, so nobody can be cut out who is still in time; after it a quorum of the *named* committee
    /// suffices, by heads and, when the committee has stake, by stake.
    ///
    /// Each agreeing node gets the least of its own price, the lower median of the agreeing prices, and the order's
    /// `maxPrice`. Dissenting and absent nodes get nothing. After the deadline the caller gets the order's `forceFee`.
    ///
    /// Nonces begin at 1. Reverts leave nothing changed: without a quorum nobody is paid, and an underfunded lease can
    /// be topped up and the order settled then.
    /// @param attestations Strictly ascending by node.
    function settle(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external;

    /// @notice The consumer went silent: pays every node of the committee `perNode` for all the orders together, which
    /// they sign as one, `Claim(lease, orders, receiptsRoot, perNode)`, where `orders` is the hash of the orders' ids.
    /// Between deadline and deadline + grace of every order; the caller gets their `forceFee`s.
    /// @param orders 1 to 1,024.
    /// @param receiptsRoot Merkle root of the orders' receipts, for those who check what was paid.
    /// @param signatures Of every node of the committee, in its order.
    function claim(
        Lease calldata lease,
        ClaimedOrder[] calldata orders,
        bytes32 receiptsRoot,
        uint96 perNode,
        bytes[] calldata signatures
    ) external;

    /// @notice The nodes disagree: `settle` after the deadline, which also freezes the stake of every dissenter that is
    /// shown, until the order's deadline + four graces. A freeze by itself takes nothing, it only keeps the stake where it is.
    function adjudicate(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external;

    // Hashes, for those who check their own

    /// @notice EIP-712 struct hash of the terms.
    function leaseIdOf(Lease calldata lease) external pure returns (bytes32);

    /// @notice EIP-712 signing digest of the order.
    function orderIdOf(JobOrder calldata order) external view returns (bytes32);
}
