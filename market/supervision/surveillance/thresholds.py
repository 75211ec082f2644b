"""The numbers that surveillance judges by, with where each comes from. Pure.

A county pack may state other ones. There is no book of conduct for water exchanges, and no threshold of surveillance
was read in a Chinese source: nearly all are demonstrations (`BASES`), and a page that shows such a number says so.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnusableThreshold(ValueError):
    """A threshold under which a detector would mean something else than what it says."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Whole numbers, the unit last. A share or a distance of 20 per cent is 200 per mille."""

    own_marks_least: int = 2
    lent_mark_people: int = 5

    wash_within_hours: int = 72
    wash_hands_most: int = 5
    wash_returned_per_mille: int = 850
    wash_agreed_minutes: int = 10
    wash_mutual_per_mille: int = 900
    wash_agreed_per_mille: int = 500
    wash_engaged_per_mille: int = 500

    market_days: int = 5
    market_trades: int = 12
    market_side_least: int = 3
    market_others_least: int = 5
    one_sided_times: int = 2
    related_away_per_mille: int = 50
    related_spreads: int = 2
    outlier_away_per_mille: int = 200
    outlier_spreads: int = 4
    token_per_mille: int = 10
    token_price_e4: int = 50
    gift_days_least: int = 3
    gift_days_beside_sales_least: int = 2

    layer_shown_minutes: int = 60
    layer_withdrawn_minutes: int = 30
    layer_renewed_minutes: int = 10
    layer_filled_per_mille: int = 100
    layer_times: int = 2
    layer_ordinary_times: int = 4
    layer_days_least: int = 3
    same_conduct_days: int = 10

    close_minutes: int = 15
    close_market_minutes: int = 60
    close_moved_per_mille: int = 20
    close_gain_times: int = 5

    rights_share_per_mille: int = 333
    rights_holders_least: int = 5

    orders_share_per_mille: int = 600
    orders_ordinary_times: int = 5
    orders_session_per_mille: int = 500
    orders_sessions_least: int = 2

    idle_years_least: int = 2
    idle_per_mille: int = 20

    plan_over_per_mille: int = 50

    insider_times: int = 2
    insider_habit_sessions: int = 60

    def __post_init__(self) -> None:
        if any(getattr(self, name) <= 0 for name in BASES):
            raise UnusableThreshold("every threshold is a positive number")
        if self.orders_share_per_mille <= 500:
            raise UnusableThreshold("a share of the orders of a half or less may be two hands' at once")
        if not 2 <= self.own_marks_least <= 3:
            raise UnusableThreshold("two or three marks make one hand: each of them may be lent by itself")
        if self.wash_hands_most < 2 or self.layer_times < 1:
            raise UnusableThreshold("a ring has two hands at least, and layers are more than what is filled")


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a number comes from; `demonstration` where nothing was read that states it."""

    source: str
    demonstration: bool


DECIDED = "decided here"
_ONE_HAND = Basis("decided here, after the definition: plain from what is only one's own", True)
_MARKET = Basis("decided here: how many other trades make a market's price", True)

BASES: dict[str, Basis] = {
    "own_marks_least": _ONE_HAND,
    "lent_mark_people": _ONE_HAND,
    "wash_within_hours": Basis("decided here: the next session, over a weekend too", True),
    "wash_hands_most": Basis(DECIDED, True),
    "wash_returned_per_mille": Basis(DECIDED, True),
    "wash_agreed_minutes": Basis(
        "decided here; agreed beforehand: Securities Law (2019) art. 55 (2), model", True
    ),
    "wash_mutual_per_mille": Basis(DECIDED, True),
    "wash_agreed_per_mille": Basis(DECIDED, True),
    "wash_engaged_per_mille": Basis(
        "decided here: dealers who meet by chance trade with many others meanwhile", True
    ),
    "market_days": _MARKET,
    "market_trades": _MARKET,
    "market_side_least": _MARKET,
    "market_others_least": _MARKET,
    "one_sided_times": Basis("decided here: without later trades a move of the market is not excluded", True),
    "related_away_per_mille": Basis(DECIDED, True),
    "related_spreads": Basis(DECIDED, True),
    "outlier_away_per_mille": Basis(
        "decided here; exchanges cancel stock trades at 3 to 10 per cent away", True
    ),
    "outlier_spreads": Basis(DECIDED, True),
    "token_per_mille": Basis(DECIDED, True),
    "token_price_e4": Basis(DECIDED, True),
    "gift_days_least": Basis(DECIDED, True),
    "gift_days_beside_sales_least": Basis(DECIDED, True),
    "layer_shown_minutes": Basis(DECIDED, True),
    "layer_withdrawn_minutes": Basis(DECIDED, True),
    "layer_renewed_minutes": Basis(DECIDED, True),
    "layer_filled_per_mille": Basis(DECIDED, True),
    "layer_times": Basis("decided here: a dealer quotes about as much each way", True),
    "layer_ordinary_times": Basis("证券法 (2019) art. 55(4), large: model; how large: decided here", True),
    "layer_days_least": Basis("证券法 (2019) art. 55(4), frequent: model; how often: decided here", True),
    "same_conduct_days": Basis("decided here: what lies nearer is one alert", True),
    "close_minutes": Basis(
        "guideline of 2007 on manipulation (withdrawn), the end of the session: model", True
    ),
    "close_market_minutes": Basis(DECIDED, True),
    "close_moved_per_mille": Basis(DECIDED, True),
    "close_gain_times": Basis(DECIDED, True),
    "rights_share_per_mille": Basis(
        "decided here, below the half of Anti-monopoly Law art. 24 (model): a zone's holders depend sooner",
        True,
    ),
    "rights_holders_least": Basis("decided here: among few, everybody is large", True),
    "orders_share_per_mille": Basis(DECIDED, True),
    "orders_ordinary_times": Basis(DECIDED, True),
    "orders_session_per_mille": Basis(DECIDED, True),
    "orders_sessions_least": Basis("decided here: for days, more than one", True),
    "idle_years_least": Basis("取水许可和水资源费征收管理条例 art. 44", False),
    "idle_per_mille": Basis("decided here: a token use does not interrupt two years of none", True),
    "plan_over_per_mille": Basis("decided here: what a meter is not sure of", True),
    "insider_times": Basis(DECIDED, True),
    "insider_habit_sessions": Basis(DECIDED, True),
}
"""The basis of every number of `Thresholds`, by name."""
