"""What settlement refuses."""

from __future__ import annotations

from market.core.errors import Conflict


class InstructionResolved(Conflict):
    """The instruction is no longer awaiting its review: it was settled, rejected or reversed."""

    code = "instruction_resolved"
    title_en = "Already decided"
    title_zh = "该交收指令已处理"
