"""What surveillance refuses."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

INSIDERS = "证券法 (2019) arts 50-53; 期货和衍生品法 (2022) arts 13-15 (models, from memory)"


class AlertState(Conflict):
    """An alert is dismissed, or put into a case, once."""

    code = "alert_state"
    title_en = "The alert was dismissed or put into a case before"
    title_zh = "该预警已处理"


class PriceDecisionDates(Refusal):
    """A decision was taken before it is recorded, and not longer than a year before."""

    code = "price_decision_dates"
    title_en = "The decision was taken later than now, or more than a year ago"
    title_zh = "决定时间不符合规定"
    legal = INSIDERS


class PriceDecisionPublished(Conflict):
    """A decision is published once."""

    code = "price_decision_published"
    title_en = "The decision is public already"
    title_zh = "该决定已公布"
    legal = INSIDERS
