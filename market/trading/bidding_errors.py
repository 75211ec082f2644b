"""What public bidding refuses: one class a rule. Sources are those of `bidding_rules`."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal
from market.trading.bidding_rules import SERVICE_RULE, Broken


class ListingState(Conflict):
    """The step is not possible in the present state of the listing."""

    code = "listing_state"
    title_en = "Not possible in the present state of the listing"
    title_zh = "竞价标的当前状态不允许此操作"
    legal = SERVICE_RULE


class ListingTerm(Refusal):
    """A term of a listing is out of its bounds; `rule` names which."""

    code = "listing_term"
    title_en = "A term of the listing is out of bounds"
    title_zh = "竞价条件超出规定范围"
    legal = SERVICE_RULE


class FirstBidMade(Conflict):
    """A seller takes a listing back only before the first bid."""

    code = "first_bid_made"
    title_en = "The first bid was made: the listing stands"
    title_zh = "已有报价，不得撤回"
    legal = SERVICE_RULE


class RegistrationClosed(Conflict):
    """Bidders register until the listing's hour, and withdraw only before the opening."""

    code = "registration_closed"
    title_en = "Registration is closed"
    title_zh = "报名已截止"
    legal = SERVICE_RULE


class AlreadyRegistered(Conflict):
    """A participant bids once registered, with one water account."""

    code = "already_registered"
    title_en = "Registered already"
    title_zh = "已报名"
    legal = SERVICE_RULE


class OneOwnerOneBidder(Refusal):
    """Bidders of one beneficial owner do not bid against each other: the second right would be their own."""

    code = "one_owner_one_bidder"
    title_en = "Another bidder has the same beneficial owner"
    title_zh = "同一实际控制人已报名"
    legal = SERVICE_RULE


class BiddingNotOpen(Conflict):
    """Bids are taken from the opening to the close, by the server's clock."""

    code = "bidding_not_open"
    title_en = "Bidding is not open"
    title_zh = "不在竞价时间内"
    legal = SERVICE_RULE


class BidTooLow(Refusal):
    """A bid is at least the start price (or a public reserve), then the best bid and one increment."""

    code = "bid_too_low"
    title_en = "The bid is too low"
    title_zh = "报价低于最低有效报价"
    legal = SERVICE_RULE


class BidTooHigh(Refusal):
    """A bid is at most what the market can settle."""

    code = "bid_too_high"
    title_en = "The bid is beyond what the market takes"
    title_zh = "报价超出系统上限"
    legal = SERVICE_RULE


class AlreadyLeading(Conflict):
    """Nobody outbids itself."""

    code = "already_leading"
    title_en = "The best bid is yours already"
    title_zh = "您已是最高报价人"
    legal = SERVICE_RULE


class AlreadyBid(Conflict):
    """In a sealed bidding each bidder bids once."""

    code = "already_bid"
    title_en = "One sealed bid each"
    title_zh = "密封竞价只能报价一次"
    legal = SERVICE_RULE


class NotRegistered(Conflict):
    """The bidder has withdrawn, or its deposit was given back or forfeited."""

    code = "not_registered"
    title_en = "No longer registered"
    title_zh = "报名已失效"
    legal = SERVICE_RULE


class NotYourTurn(Conflict):
    """The lot is not this bidder's to confirm, take up or decline."""

    code = "not_your_turn"
    title_en = "The lot is not yours to take or decline"
    title_zh = "该标的未轮到您确认"
    legal = SERVICE_RULE


def of(found: Broken) -> ListingTerm:
    """The refusal that a broken bound stands for."""
    return ListingTerm(
        f"{found.rule}: {found.given} is out of bounds",
        pointer=found.pointer,
        rule=found.rule,
        limit=found.limit,
        available=found.given,
        legal_source=found.legal_source,
    )
