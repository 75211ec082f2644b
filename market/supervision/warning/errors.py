"""What early warning refuses."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, Refusal


class NotOverloaded(Refusal):
    """A reduction plan is for a node whose colour asks for one, by the county's thresholds."""

    code = "not_overloaded"
    title_en = "The node is not overloaded"
    title_zh = "该节点未超载"
    legal = "county plan part 3(1)1"


class PlanRunning(Conflict):
    """One reduction plan at a time runs under a cap."""

    code = "reduction_plan_running"
    title_en = "A reduction plan is running already"
    title_zh = "已有削减计划在执行"


class PlanEnded(Conflict):
    """A reduction plan ends once."""

    code = "reduction_plan_ended"
    title_en = "The reduction plan has ended already"
    title_zh = "削减计划已结束"


class StillOverloaded(Refusal):
    """A plan is not fulfilled while the node has the colour that brought the tighter rules."""

    code = "still_overloaded"
    title_en = "The node is still overloaded"
    title_zh = "该节点仍处于超载状态"
    legal = "county plan part 3(1)1"


class DueInThePast(InvalidInput):
    """A plan is to be fulfilled on a day to come."""

    code = "due_in_the_past"
    title_en = "The day is past"
    title_zh = "完成日期已过"
