"""What metering refuses: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

METER_DUTY = "水法 art. 49; 取水许可和水资源费征收管理条例 art. 53"


class SerialUsed(Conflict):
    """There is a meter with this serial number."""

    code = "meter_serial_used"
    title_en = "There is a meter with this serial number"
    title_zh = "该表号已登记"


class CounterWentBack(Refusal):
    """A counter shows less than at the reading before."""

    code = "counter_went_back"
    title_en = "The counter went back"
    title_zh = "读数小于上次读数"
    legal = METER_DUTY


class ReadingInFuture(Refusal):
    """A reading of an instant that has not come."""

    code = "reading_in_future"
    title_en = "The reading is in the future"
    title_zh = "读数时间在未来"
    legal = METER_DUTY


class ReadingTooOld(Refusal):
    """A reading that is not later than the one before it, or than the meter's installation."""

    code = "reading_too_old"
    title_en = "The reading is not later than the one before"
    title_zh = "读数时间不晚于上次读数"
    legal = METER_DUTY


class ReadingExists(Conflict):
    """There is a reading of this meter at this instant."""

    code = "reading_exists"
    title_en = "There is a reading at this instant"
    title_zh = "该时刻已有读数"


class WaterYearClosed(Refusal):
    """The water year of the account is closed: its readings are complete."""

    code = "water_year_closed"
    title_en = "The water year is closed"
    title_zh = "水年已关闭"
    legal = "service rule of the exchange: water years"


class NoTariff(Refusal):
    """The county's pack has no tariff for this zone and sector."""

    code = "no_tariff"
    title_en = "No tariff for this place and sector"
    title_zh = "该区域与行业没有水价"
