// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IExchange, Lease, LeaseOpening, LeaseStatus, LeaseView} from "./interfaces/IExchange.sol";
import {LeaseFields, LeaseState} from "./LeaseState.sol";
import {Nodes} from "./Nodes.sol";
import {Signatures} from "./Signatures.sol";
import {LeaseType} from "./types/LeaseType.sol";
import {OpenLeaseType} from "./types/OpenLeaseType.sol";

/// Decides what funds stand behind a committee, from when until when, and who gets the remainder.
/// It never decides what the committee is paid.
abstract contract Leases is Nodes {
    using SafeCast for uint256;

    uint256 internal constant COMMITTEE_MAX = 16;
    uint256 private constant LEASE_SECONDS_MAX = 366 days;
    uint256 private constant OPENINGS_MAX = 1_024;

    mapping(bytes32 leaseId => LeaseState) private leases;

    /// @inheritdoc IExchange
    function open(Lease calldata lease, uint256 amount, uint40 expiry) external returns (bytes32 leaseId) {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        Lease memory terms = lease;
        leaseId = _leaseIdOf(terms);
        _raise(_refusal(leaseId, terms, amount, expiry));
        _open(leaseId, terms, amount, expiry);
    }

    /// @inheritdoc IExchange
    function openSigned(LeaseOpening calldata opening) external returns (bytes32 leaseId) {
        bytes memory refusal;
        (leaseId, refusal) = _openSigned(opening, true);
        _raise(refusal);
    }

    /// @inheritdoc IExchange
    function openMany(LeaseOpening[] calldata openings) external {
        if (openings.length > OPENINGS_MAX) revert TooManyOpenings(openings.length, OPENINGS_MAX);
        // What each opening leaves in memory is given back, because memory's price grows by the square.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < openings.length; ++i) {
            (bytes32 leaseId, bytes memory refusal) = _openSigned(openings[i], false);
            if (refusal.length > 0) emit OpeningSkipped(leaseId, i, refusal);
            Memory.unsafeSetFreeMemoryPointer(free);
        }
    }

    /// @inheritdoc IExchange
    function topUp(bytes32 leaseId, uint256 amount) external {
        LeaseState state = _requireLive(leaseId);
        if (amount == 0) revert AmountZero();

        _debit(msg.sender, amount);
        _store(leaseId, state.withFunds((state.funds() + amount).toUint96()));
        emit LeaseToppedUp(leaseId, msg.sender, amount);
    }

    /// @inheritdoc IExchange
    function extend(Lease calldata lease, uint40 expiry) external {
        if (msg.sender != lease.consumer) revert NotConsumer(lease.consumer, msg.sender);
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        _requireExpiry(expiry, state.expiry());

        _store(leaseId, state.withExpiry(expiry));
        emit LeaseExtended(leaseId, expiry);
    }

    /// @inheritdoc IExchange
    function close(Lease calldata lease) external {
        bytes32 leaseId = LeaseType.hash(lease);
        LeaseState state = _requireLive(leaseId);
        uint256 from = state.expiry() + GRACE;
        if (block.timestamp <= from) revert LeaseNotClosable(leaseId, from, block.timestamp);

        _store(leaseId, _end(leaseId, lease.consumer, state));
    }

    /// @inheritdoc IExchange
    function leaseOf(bytes32 leaseId) external view returns (LeaseView memory) {
        LeaseState state = _load(leaseId);
        return
            LeaseView({
                status: _statusOf(state),
                funds: uint96(state.funds()),
                paidPerNode: uint64(state.paidPerNode()),
                upTo: uint32(state.upTo()),
                forced: uint16(state.forced()),
                expiry: uint40(state.expiry())
            });
    }

    /// @inheritdoc IExchange
    function leaseIdOf(Lease calldata lease) external pure returns (bytes32) {
        return LeaseType.hash(lease);
    }

    /// Opens, or changes nothing and says why, as the error that `openSigned` gives.
    function _openSigned(
        LeaseOpening calldata opening,
        bool byContract
    ) private returns (bytes32 leaseId, bytes memory refusal) {
        Lease memory terms = opening.lease;
        leaseId = _leaseIdOf(terms);
        if (block.timestamp > opening.validUntil) {
            return (leaseId, abi.encodeWithSelector(SignatureExpired.selector, opening.validUntil, block.timestamp));
        }
        bytes32 digest = _hashTypedDataV4(
            OpenLeaseType.hash(leaseId, opening.amount, opening.expiry, opening.validUntil)
        );
        bool signed =
            Signatures.isBy(terms.consumer, digest, opening.signature) ||
                (byContract &&
                    SignatureChecker.isValidERC1271SignatureNowCalldata(terms.consumer, digest, opening.signature));
        if (!signed) {
            return (leaseId, abi.encodeWithSelector(OpeningSignatureInvalid.selector, terms.consumer));
        }
        refusal = _refusal(leaseId, terms, opening.amount, opening.expiry);
        if (refusal.length == 0) _open(leaseId, terms, opening.amount, opening.expiry);
    }

    /// Only after `_refusal` found none.
    function _open(bytes32 leaseId, Lease memory lease, uint256 amount, uint40 expiry) private {
        _debit(lease.consumer, amount);
        _store(leaseId, LeaseFields.opened(amount.toUint96(), expiry));
        emit LeaseOpened(leaseId, lease.consumer, lease.sessionKey, lease.nodes, lease.salt, uint96(amount), expiry);
    }

    /// The error for which the lease cannot be opened, or nothing. It is a value, so that a batch passes over it.
    function _refusal(
        bytes32 leaseId,
        Lease memory lease,
        uint256 amount,
        uint256 expiry
    ) private view returns (bytes memory) {
        if (_load(leaseId).expiry() != 0) return abi.encodeWithSelector(LeaseAlreadyOpened.selector, leaseId);
        if (lease.sessionKey == address(0)) return abi.encodeWithSelector(SessionKeyZero.selector);
        if (amount == 0) return abi.encodeWithSelector(AmountZero.selector);
        uint256 max = block.timestamp + LEASE_SECONDS_MAX;
        if (expiry <= block.timestamp || expiry > max) {
            return abi.encodeWithSelector(ExpiryOutOfRange.selector, expiry, block.timestamp + 1, max);
        }
        uint256 balance = balanceOf(lease.consumer);
        if (balance < amount)
            return abi.encodeWithSelector(AccountUnderfunded.selector, lease.consumer, balance, amount);
        return _refusalOf(lease.nodes);
    }

    /// Distinct owners, so that one owner's nodes cannot be a quorum.
    function _refusalOf(address[] memory committee) private view returns (bytes memory) {
        uint256 size = committee.length;
        if (size == 0 || size > COMMITTEE_MAX) {
            return abi.encodeWithSelector(CommitteeSizeOutOfRange.selector, size, 1, COMMITTEE_MAX);
        }
        address previous = address(0);
        uint256 seen = 0;
        for (uint256 i = 0; i < size; ++i) {
            address node = committee[i];
            if (node <= previous) return abi.encodeWithSelector(CommitteeNotAscending.selector, node);
            previous = node;
            address owner = nodes[node].owner;
            if (owner == address(0)) return abi.encodeWithSelector(NodeUnknown.selector, node);
            // One bit tells most owners apart; only when it is taken are owners compared.
            uint256 bit = 1 << (uint160(owner) & 0xff);
            if (seen & bit != 0) {
                for (uint256 j = 0; j < i; ++j) {
                    if (nodes[committee[j]].owner == owner)
                        return abi.encodeWithSelector(OwnerRepeated.selector, owner, node);
                }
            }
            seen |= bit;
        }
        return "";
    }

    function _raise(bytes memory refusal) private pure {
        if (refusal.length == 0) return;
        assembly ("memory-safe") {
            revert(add(refusal, 0x20), mload(refusal))
        }
    }

    function _load(bytes32 leaseId) internal view returns (LeaseState) {
        return leases[leaseId];
    }

    function _store(bytes32 leaseId, LeaseState state) internal {
        leases[leaseId] = state;
    }

    /// Leaves writing the state to the caller, who may have more to write.
    function _end(bytes32 leaseId, address consumer, LeaseState state) internal returns (LeaseState) {
        uint256 refund = state.funds();
        _credit(consumer, refund);
        emit LeaseClosed(leaseId, consumer, refund);
        return state.closed();
    }

    function _requireLive(bytes32 leaseId) internal view returns (LeaseState state) {
        state = _load(leaseId);
        if (!state.live()) revert LeaseNotLive(leaseId, _statusOf(state));
    }

    function _statusOf(LeaseState state) internal view returns (LeaseStatus) {
        uint256 expiry = state.expiry();
        if (expiry == 0) return LeaseStatus.None;
        if (!state.live()) return LeaseStatus.Closed;
        if (block.timestamp <= expiry) return LeaseStatus.Live;
        return block.timestamp <= expiry + GRACE ? LeaseStatus.Ending : LeaseStatus.Closable;
    }

    function _requireExpiry(uint256 expiry, uint256 after_) private view {
        uint256 max = block.timestamp + LEASE_SECONDS_MAX;
        if (expiry <= after_ || expiry > max) revert ExpiryOutOfRange(expiry, after_ + 1, max);
    }

    function _leaseIdOf(Lease memory lease) private pure returns (bytes32) {
        return LeaseType.hash(lease.consumer, lease.sessionKey, lease.salt, LeaseType.hashNodes(lease.nodes));
    }
}
