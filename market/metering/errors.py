"""What metering refuses: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotFound, Refusal

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


class MeterClosed(Conflict):
    """The meter was closed: it has no further readings."""

    code = "meter_closed"
    title_en = "The meter is closed"
    title_zh = "计量设施已停用"


class CounterBeyondDigits(InvalidInput):
    """A state that a counter of so many digits cannot show."""

    code = "counter_beyond_digits"
    title_en = "More digits than the counter has"
    title_zh = "读数超出表盘位数"


class WrongQuantity(InvalidInput):
    """A water counter is read in m3, an electricity counter in kWh."""

    code = "wrong_quantity"
    title_en = "Not what this counter measures"
    title_zh = "读数类型与计量设施不符"


class NoConversion(Refusal):
    """No coefficient from electricity to water is in force for the well on that day."""

    code = "no_conversion"
    title_en = "No electricity-to-water coefficient on that day"
    title_zh = "该日期没有以电折水系数"
    legal = "地下水管理条例 art. 22"


class ConversionExists(Conflict):
    """There is a coefficient from this day on, or readings after it that were converted already."""

    code = "conversion_exists"
    title_en = "The day's coefficient is fixed already"
    title_zh = "该日期的折水系数已确定"


class GateApportioned(Conflict):
    """What passes this gate is entered by turn sheets."""

    code = "gate_apportioned"
    title_en = "The gate's volume is entered by turn sheets"
    title_zh = "该闸口水量通过轮灌单登记"


class GateNotApportioned(Conflict):
    """The meter is no gate that serves many households."""

    code = "gate_not_apportioned"
    title_en = "The meter is no gate with turn sheets"
    title_zh = "该计量设施不使用轮灌单"


class ReadingHeld(Conflict):
    """A reading of this meter at this instant waits to be confirmed."""

    code = "reading_held"
    title_en = "A reading of this instant waits to be confirmed"
    title_zh = "该时刻的读数待核实"


class ReadingReplaced(Conflict):
    """The reading counts no more: another took its place."""

    code = "reading_replaced"
    title_en = "The reading was replaced by another"
    title_zh = "该读数已被替代"


class NothingToCorrect(Refusal):
    """The correction shows what the reading shows."""

    code = "nothing_to_correct"
    title_en = "The correction changes nothing"
    title_zh = "更正内容与原读数相同"
    legal = METER_DUTY


class FindingState(Conflict):
    """The finding was decided before, or is none that can be confirmed or dismissed so."""

    code = "finding_state"
    title_en = "Not possible in the finding's present state"
    title_zh = "该事项当前状态不允许此操作"


class NoWaterDebt(Refusal):
    """The account owes no water, or less than this, or has none to pay with."""

    code = "no_water_debt"
    title_en = "Not that much is owed and available"
    title_zh = "欠水量或可用水量不足"
    legal = "水法 art. 49; service rule of the exchange: over-use is a debt in water"


class NotServedByGate(NotFound):
    """A household that the gate does not serve is answered as unknown."""


class GateAccountDiffers(Refusal):
    """A gate serves accounts of its own source and water year."""

    code = "gate_account_differs"
    title_en = "The account is of another source or water year"
    title_zh = "该账户的水源或水年与闸口不同"
    legal = "service rule of the exchange: turn sheets"


class TurnSheetState(Conflict):
    """The step is not possible in the present state of the turn sheet."""

    code = "turn_sheet_state"
    title_en = "Not possible in the turn sheet's present state"
    title_zh = "轮灌单当前状态不允许此操作"


class TurnSheetPeriod(Refusal):
    """A sheet that corrects one with later sheets after it keeps its end and the gate's counter."""

    code = "turn_sheet_period"
    title_en = "Later turn sheets begin where this one ends"
    title_zh = "其后已有轮灌单，不得改变截止时间与闸口读数"
    legal = "service rule of the exchange: turn sheets"


class TurnLines(InvalidInput):
    """The lines of a turn sheet: each household once, at least one with a weight."""

    code = "turn_lines"
    title_en = "The lines do not make a split"
    title_zh = "轮灌单明细无法分摊"


class LossAboveVolume(Refusal):
    """The canal cannot lose more than passed the gate."""

    code = "loss_above_volume"
    title_en = "The loss is more than passed the gate"
    title_zh = "渠道损失大于过闸水量"
    legal = "service rule of the exchange: turn sheets"


class CalibrationBackwards(InvalidInput):
    """A calibration that runs out before it was made, or was made in the future."""

    code = "calibration_backwards"
    title_en = "The calibration's dates do not follow each other"
    title_zh = "检定日期有误"


class AccountMismatch(Refusal):
    """A meter is moved on to an account of its holder, for the same place and source."""

    code = "meter_account_mismatch"
    title_en = "Not an account of the same holder, place and source"
    title_zh = "账户与计量设施的主体、地点或水源不符"
    legal = "service rule of the exchange: meters"


class RowsRefused(InvalidInput):
    """Some of many readings were refused, so that none was taken; `rows` says which and why."""

    code = "rows_refused"
    title_en = "Some rows were refused; nothing was changed"
    title_zh = "部分行被拒绝，未做任何更改"
