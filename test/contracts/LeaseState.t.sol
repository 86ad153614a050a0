// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseFields, LeaseState} from "../../contracts/LeaseState.sol";

/// Every fact of a lease reads back as it was written, and writing one leaves all others as they were.
contract LeaseStateTest {
    struct Facts {
        uint96 funds;
        uint64 paidPerNode;
        uint32 upTo;
        uint16 forced;
        uint40 expiry;
        uint8 early;
    }

    function testFuzz_OpenedLeaseHoldsNothingButFundsAndExpiry(uint96 funds, uint40 expiry) public pure {
        requireFacts(LeaseFields.opened(funds, expiry), Facts(funds, 0, 0, 0, expiry, 0), true);
    }

    function testFuzz_EachFactIsWrittenAlone(Facts memory before, Facts memory next) public pure {
        (before.early, next.early) = (before.early & 0xfe, next.early & 0xfe);
        LeaseState state = stateOf(before);
        requireFacts(state, before, true);

        state = state.withFunds(next.funds);
        before.funds = next.funds;
        requireFacts(state, before, true);
        state = state.withExpiry(next.expiry);
        before.expiry = next.expiry;
        requireFacts(state, before, true);
        state = state.withForced(next.forced);
        before.forced = next.forced;
        requireFacts(state, before, true);
        state = state.withEarly(next.early);
        before.early |= next.early;
        requireFacts(state, before, true);
        state = state.withVoucher(next.funds, next.paidPerNode, next.upTo);
        (before.paidPerNode, before.upTo) = (next.paidPerNode, next.upTo);
        requireFacts(state, before, true);
    }

    function testFuzz_ClosedLeaseKeepsAllButItsFunds(Facts memory facts) public pure {
        facts.early &= 0xfe;
        LeaseState closed = stateOf(facts).closed();
        facts.funds = 0;
        requireFacts(closed, facts, false);
    }

    function stateOf(Facts memory facts) private pure returns (LeaseState) {
        LeaseState opened = LeaseFields.opened(facts.funds, facts.expiry);
        LeaseState forced = opened.withForced(facts.forced).withEarly(facts.early);
        return forced.withVoucher(facts.funds, facts.paidPerNode, facts.upTo);
    }

    function requireFacts(LeaseState state, Facts memory expected, bool live) private pure {
        require(state.funds() == expected.funds, "funds");
        require(state.paidPerNode() == expected.paidPerNode, "paidPerNode");
        require(state.upTo() == expected.upTo, "upTo");
        require(state.forced() == expected.forced, "forced");
        require(state.expiry() == expected.expiry, "expiry");
        require(state.early() == expected.early, "early");
        require(state.live() == live, "live");
    }
}
