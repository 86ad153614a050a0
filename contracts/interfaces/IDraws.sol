// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease} from "./IExchange.sol";

/// @title Draws: randomness of the chain that is later than the wish for it, and the committees drawn by it.
/// @notice A subject is 32 bytes that name what is to be drawn. Requesting it fixes two blocks: the stake is that of the
/// block before the request, the randomness that of a block `DELAY` blocks later, its beacon. So
///
/// - nobody knows the randomness while the stake can still be moved, and stake that moves later changes no draw;
/// - whoever records a beacon chooses nothing: there is one right header, and anyone may bring it;
/// - a request stands. It can be made anew only when nobody recorded its beacon while the chain could prove it, that is,
///   8,191 blocks with EIP-2935 and 256 without, and then it is paid anew: whoever minds records it in time;
/// - a consumer's own nodes are in none of its committees;
/// - a proposer of a block just before the beacon can choose between two values by leaving its block out, which costs it
///   the block; a long `DELAY` keeps it from knowing which requests it would do that for, not from doing it.
///
/// Who asks for many subjects gets many draws, and may use the one that it likes. So every draw has a price, due before
/// its outcome is known and never given back: where those who collude hold the part `f` of the tickets, a committee of
/// `k` of them costs about `PRICE / f^k`. A deposit that returns once the drawn lease is opened would price nothing,
/// since leases of one unit can be opened for all the draws that one does not like. The price goes to the profit share,
/// where it drips, so that those who collude get at most their own part of it back.
///
/// The court asks for free. A contract that lets a draw decide over others takes a subject that nobody could ask for
/// earlier, such as one with the last block's hash in it, as the court does.
///
/// Calls that anyone may send and whose outcome stands already change nothing and do not revert, so that being overtaken
/// by somebody else harms nobody.
///
/// Nothing is held here, so nothing can be stuck here. Assumptions on the payment token are those of the exchange.
///
/// Assumptions on the chain: every block's `prevrandao` is new and not zero; headers are RLP lists with Ethereum's fields.
interface IDraws {
    event DrawRequested(bytes32 indexed subject, uint256 requestedAt, uint256 indexed beaconBlock);
    event BeaconRecorded(uint256 indexed blockNumber, bytes32 prevrandao);
    event LeaseDrawn(bytes32 indexed leaseId, bytes32 indexed subject);

    error DelayOutOfRange(uint256 delay, uint256 min, uint256 max);
    error PriceOutOfRange(uint256 price, uint256 min, uint256 max);
    error DrawUnknown(bytes32 subject);
    error BeaconNotRecorded(bytes32 subject, uint256 beaconBlock);
    /// The chain does not know the block's hash: it is not past, or too long past.
    error HeaderNotProvable(uint256 blockNumber, uint256 current);
    error HeaderMismatch(uint256 blockNumber, bytes32 expected, bytes32 shown);
    /// This chain has no randomness.
    error BeaconZero(uint256 blockNumber);
    error CommitteeNotDrawn(bytes32 subject, uint256 seat, address drawn, address shown);

    /// @notice Blocks from a request to its beacon.
    function DELAY() external view returns (uint256);

    /// @notice What a draw costs, base units of the payment token. Fixed at construction, at most a hundred tokens.
    function PRICE() external view returns (uint256);

    /// @notice Asks for a draw. Anyone may, for anything, and pays `PRICE` of its tokens, which it has approved for this
    /// contract; the court pays nothing. While an earlier request for the subject stands, this one changes nothing, costs
    /// nothing and gives the earlier one's beacon.
    /// @return beaconBlock The block whose header decides the draw.
    function request(bytes32 subject) external returns (uint256 beaconBlock);

    /// @notice Stores the `prevrandao` of a past block, for all draws with this beacon.
    /// @param header RLP of the block's header.
    function record(bytes calldata header) external;

    /// @notice The block's recorded `prevrandao`; 0 when it is not recorded.
    function beaconOf(uint256 blockNumber) external view returns (bytes32);

    /// @return requestedAt The block of the request; 0 when nobody asked.
    /// @return beaconBlock The block whose randomness it will be or is; 0 when nobody asked.
    /// @return randomness `keccak256(beacon, subject)`; 0 until the beacon is recorded.
    function drawOf(
        bytes32 subject
    ) external view returns (uint256 requestedAt, uint256 beaconBlock, bytes32 randomness);

    /// @notice What to request for a lease's committee: its EIP-712 struct hash `Committee(address consumer,address
    /// sessionKey,bytes32 salt,uint256 size)`, without domain.
    function committeeSubject(
        address consumer,
        address sessionKey,
        bytes32 salt,
        uint256 size
    ) external pure returns (bytes32);

    /// @notice The committee that a lease of these terms must have, strictly ascending, once its beacon is recorded.
    function committeeOf(
        address consumer,
        address sessionKey,
        bytes32 salt,
        uint256 size
    ) external view returns (address[] memory nodes);

    /// @notice Marks a lease whose committee is the drawn one, whether or not it is open yet. Anyone may call.
    function proveCommittee(Lease calldata lease) external;

    /// @notice Whether the lease's committee was proved to be the drawn one.
    function isDrawn(bytes32 leaseId) external view returns (bool);
}
