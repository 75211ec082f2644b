"""What measuring points refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

SAVINGS_RULE = "service rule of the exchange: how a saving is measured"


class PointKnown(Conflict):
    """A user has a meter once, and the registry's meter is one point."""

    code = "point_known"
    title_en = "This meter is a measuring point already"
    title_zh = "该计量设施已登记为计量点"


class PointTree(Refusal):
    """A point lies below a point of the same user that is in use, at most three steps below the highest."""

    code = "point_tree"
    title_en = "The point cannot lie there"
    title_zh = "计量点层级不符合规定"
    legal = SAVINGS_RULE


class PointRetired(Conflict):
    """A point that was taken out of use measures nothing any more."""

    code = "point_retired"
    title_en = "The measuring point is out of use"
    title_zh = "计量点已停用"
    legal = SAVINGS_RULE


class PointIsTheRegistrys(Conflict):
    """The registry's meter is read by the registry's rules, and nowhere else."""

    code = "point_is_the_registrys"
    title_en = "The registry reads this meter"
    title_zh = "该计量设施由登记机构抄读"
    legal = SAVINGS_RULE


class PointReadingOrder(Refusal):
    """A counter never runs backwards, and no day is read that is to come or before the point began."""

    code = "point_reading_order"
    title_en = "The reading does not fit its neighbours"
    title_zh = "读数与前后读数不符"
    legal = SAVINGS_RULE


class PointReadingKnown(Conflict):
    """A day has one reading; another takes its place as a correction, with its reason."""

    code = "point_reading_known"
    title_en = "This day was read before"
    title_zh = "该日已有读数"


class BillOverlaps(Conflict):
    """A day is billed once."""

    code = "bill_overlaps"
    title_en = "Days of this bill were billed before"
    title_zh = "账单日期重复"


class NightKnown(Conflict):
    """A night of a point is recorded once; other figures take their place as a correction, with its reason."""

    code = "night_known"
    title_en = "This night was recorded before"
    title_zh = "该夜已有记录"
