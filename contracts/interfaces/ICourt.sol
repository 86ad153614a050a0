// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, JobOrder, Lease} from "./IExchange.sol";

/// What a jury says about an order.
struct Verdict {
    /// What the order's jobs give, as an attestation has it.
    bytes32 resultHash;
    /// Bit i says that the juror of seat i signed.
    uint256 signers;
    /// The signers' BLS keys in seat order, 128 bytes each.
    bytes keys;
    /// Sum of their signatures over `Verdict(order, resultHash)`, 256 bytes.
    bytes signature;
}

/// Derived from a case's facts and the clock, never stored.
enum CaseStatus {
    /// Nobody appealed.
    None,
    /// The jury has the word.
    Open,
    /// The verdict stands; it can be carried out until the case closes.
    Decided,
    /// Nobody can be punished any more.
    Closed
}

/// What the court knows of an order that was appealed.
struct CaseView {
    CaseStatus status;
    /// Unix seconds.
    uint40 closesAt;
    /// The jury is drawn by stake as of the end of this block.
    uint48 stakeBlock;
    /// Of the jury's draw.
    bytes32 subject;
    /// 0 until decided.
    bytes32 resultHash;
    /// Bit i says that the juror of seat i signed the verdict.
    uint256 signers;
    /// Bit i says that the juror of seat i was paid.
    uint256 paid;
    /// Taken from the losers for the jury so far, vault shares.
    uint128 pot;
}

/// @title The court: who loses stake for what a node signed.
/// @notice Amounts are vault shares, times are Unix seconds, `D` is an order's deadline and `G` the exchange's grace.
/// Nobody owns this contract, and everything but an appeal and a registration is open to anyone.
///
/// | what | who | from, until |
/// | --- | --- | --- |
/// | `accuse` | anyone | after `D`, `D + G` |
/// | `appeal` | an attesting node or its owner | after `D`, `D + 2G` |
/// | `punish` without appeal: who was accused and attested other than the majority | anyone | after `D + 2G`, `D + 4G` |
/// | `decide`, then `punish`: who attested other than the verdict | anyone | after the appeal, `D + 4G` |
/// | `proveEquivocation` | anyone | – |
///
/// Only orders in leases of drawn committees can be appealed and punished: a consumer could pick two nodes of its own to
/// outvote the third. What is lost goes to the jury's fixed pay and to the vault, never to consumer or winners.
///
/// An accusation is half of a punishment without jury. It was made while a quorum of heads and stake stood behind it, in
/// time for the accused to appeal; who was not accused for this very order is not punished by a majority. Stakes that
/// move afterwards change nothing.
///
/// A jury is drawn by stake as of the block before the appeal, from randomness of a later block, out of owners that have
/// no node in the committee. The draw's subject holds the hash of the block before the appeal, so that nobody requests
/// it in advance and picks an order whose jury suits it. A drawn node without a registered key is a silent juror. More
/// than two thirds of all seats must sign one result; when they do not by `D + 4G`, nobody is punished.
///
/// Jurors sign with BLS12-381 keys, as `Bls` has them, over the domain `{ name: "mimik court", version: "1", chainId,
/// verifyingContract }`. Orders and attestations are signed over the exchange's domain.
interface ICourt {
    // Jurors

    event JurorRegistered(address indexed node, bytes32 indexed keyHash, bytes key);

    /// Neither the node nor its owner.
    error NotNodeNorOwner(address node, address owner, address caller);
    error JurorKeyTaken(bytes32 keyHash, address node);
    error JurorKeyInvalid(address node);

    /// @notice Gives the node the BLS key with which it signs verdicts. The node or its owner may call; a node may change
    /// its key, a key never changes its node.
    /// @param key A point of G1, 128 bytes.
    /// @param proof The key's own signature over `JurorKey(node, key)` with the tag of proofs of possession, 256 bytes. It
    /// names the node, so nobody registers a key that it saw.
    function registerJuror(address node, bytes calldata key, bytes calldata proof) external;

    /// @notice Hash of the node's key; 0 when it has none.
    function jurorKeyOf(address node) external view returns (bytes32 keyHash);

    // Cases

    event NodeAccused(address indexed node, bytes32 indexed orderId, bytes32 indexed leaseId);
    event CaseOpened(bytes32 indexed orderId, bytes32 indexed leaseId, bytes32 subject, uint40 closesAt);
    event CaseDecided(bytes32 indexed orderId, bytes32 resultHash, uint256 signers, address[] jury);
    event JurorPaid(address indexed node, bytes32 indexed orderId, address indexed owner, uint256 shares);

    error JurySizeOutOfRange(uint256 seats, uint256 min, uint256 max);
    error NoDissent(bytes32 orderId);
    error LeaseNotDrawn(bytes32 leaseId);
    error OrderStillOpen(bytes32 orderId, uint256 deadline, uint256 time);
    error AppealOver(bytes32 orderId, uint256 until, uint256 time);
    error NothingToAppeal(bytes32 orderId);
    error NotAnAttester(bytes32 orderId, address caller);
    error CaseUnknown(bytes32 orderId);
    error CaseClosed(bytes32 orderId, uint256 until, uint256 time);
    error CaseAlreadyDecided(bytes32 orderId, bytes32 resultHash);
    error CaseUndecided(bytes32 orderId);
    error JuryNotDrawn(bytes32 orderId, uint256 beaconBlock);
    error JurySeatUnknown(uint256 signers, uint256 seats);
    error VerdictTooWeak(uint256 signed, uint256 needed, uint256 seats);
    error KeysMalformed(uint256 length, uint256 needed);
    error NotJurorsKey(address node, bytes32 keyHash);
    error VerdictSignatureInvalid(bytes32 orderId);
    error JuryUnknown(bytes32 orderId);
    error PayNotDue(bytes32 orderId, uint256 from, uint256 time);
    error NothingToPay(bytes32 orderId);

    /// @notice Freezes the stake of every node that is shown and attested another result than a quorum of the committee,
    /// until `D + 4G`, and pays nobody, so that leaving a dissenter out of a settlement's calldata does not save it. In a
    /// lease whose committee was drawn they are accused as well, and may be punished if nobody appeals.
    /// @param attestations Strictly ascending by node.
    function accuse(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external;

    /// @notice Opens the case of an order whose nodes attested different results and freezes the stake of all that are
    /// shown until it closes. A node of the attestations or its owner may call. When the case is open already, anyone
    /// may show attestations that were left out, and their nodes are frozen as well. An accused node may open it with its
    /// own attestation alone.
    /// @param attestations Strictly ascending by node.
    function appeal(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external;

    /// @notice Takes the jury's verdict on an order that was appealed. Whoever sends it should gather every signature
    /// there is: only those in it are paid.
    function decide(Lease calldata lease, JobOrder calldata order, Verdict calldata verdict) external;

    /// @notice Pays the jurors of `seats` who signed the verdict, `JURY_PAY` each, or an equal part of what the losers
    /// had. Due as soon as the pay is whole, otherwise when the case closes. The shares go to the nodes' owners.
    /// @param jury As `CaseDecided` has it.
    /// @param seats Bit i stands for the juror of seat i; seats that have nothing to get are passed over.
    function payJurors(bytes32 orderId, address[] calldata jury, uint256 seats) external;

    /// @notice The jury of an order that was appealed, in seat order.
    function juryOf(Lease calldata lease, JobOrder calldata order) external view returns (address[] memory jury);

    function caseOf(bytes32 orderId) external view returns (CaseView memory);

    // Punishment

    event NodePunished(address indexed node, bytes32 indexed orderId, uint256 shares);
    event EquivocationProven(address indexed node, bytes32 indexed orderId, uint256 shares);

    /// Whoever is accused can still appeal.
    error AppealStillOpen(bytes32 orderId, uint256 until, uint256 time);
    error NoMajority(bytes32 orderId, uint256 agreeing, uint256 committee, uint256 quorumBps);
    error NobodyToPunish(bytes32 orderId);
    error NodesDiffer(address first, address second);
    error AttestationsEqual(bytes32 orderId, address node);
    error EquivocationKnown(bytes32 orderId, address node);
    error NothingAtStake(address node);

    /// @notice Takes a quarter of its stake, once for each order, from every node that is shown and attested another
    /// result than the verdict or, when nobody appealed, than the majority. Anyone may call.
    /// @param attestations Strictly ascending by node; without appeal they show the majority too.
    function punish(
        Lease calldata lease,
        JobOrder calldata order,
        bytes calldata orderSignature,
        Attestation[] calldata attestations
    ) external;

    /// @notice Burns the whole stake of a node that signed two different attestations of one order, once for each order.
    /// It needs no lease, and it never expires.
    function proveEquivocation(bytes32 orderId, Attestation calldata first, Attestation calldata second) external;
}
