"""What a buyer's project is permitted and was assessed for, as constraints on what it may buy. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.units import format_litres
from market.registry.rules import PERMIT_CHANGE, AccountFacts, Constraint, permit

ASSESSMENT = "取水许可和水资源费征收管理条例 art. 11"


@dataclass(frozen=True, slots=True)
class Project:
    """What a buyer's project is permitted and was assessed for, in litres a year.

    `permit_litres` are its permits in force at the account's place, `pending_litres` those applied for there;
    `assessed_litres` all its water-resource assessments (None: none recorded), `named_litres` the rights that name
    them; `bought_litres` what was bought into the account. `needed_from_litres`: from where on a permit needs one.
    """

    permit_litres: int
    pending_litres: int
    assessed_litres: int | None
    named_litres: int
    bought_litres: int
    needed_from_litres: int | None
    needed_source: str
    needed_demonstration: bool


def constraints(account: AccountFacts, project: Project) -> tuple[Constraint, ...]:
    """The permit and the assessment."""
    return _permit(account, project), _assessment(project)


def _permit(account: AccountFacts, project: Project) -> Constraint:
    if not project.permit_litres and not project.pending_litres:
        return permit(account)
    granted, asked = format_litres(project.permit_litres), format_litres(project.pending_litres)
    return Constraint(
        "permit",
        None,
        PERMIT_CHANGE,
        f"permits for {granted} m3 a year are in force here, {asked} are applied for;"
        " bought water changes the permit after the review",
        f"此处有效取水许可每年 {granted} 立方米，申请中 {asked} 立方米；购入水量经审批后变更取水许可",
    )


def _assessment(project: Project) -> Constraint:
    """A project takes no more than it was assessed for: by its rights and by what it has bought together."""
    if project.assessed_litres is not None:
        assessed = format_litres(project.assessed_litres)
        taken = project.named_litres + project.bought_litres
        return Constraint(
            "assessment",
            max(0, project.assessed_litres - taken),
            ASSESSMENT,
            f"{assessed} m3 a year were assessed, {format_litres(taken)} are granted, applied for or bought",
            f"水资源论证每年 {assessed} 立方米，已许可、申请或购入 {format_litres(taken)} 立方米",
        )
    if project.needed_from_litres is None:
        words = ("no assessment is recorded, and no rule asks for one", "无水资源论证登记，亦无要求")
        return Constraint("assessment", None, ASSESSMENT, *words)
    needed = format_litres(project.needed_from_litres)
    return Constraint(
        "assessment",
        None,
        project.needed_source,
        f"no assessment is recorded; a new project's permit needs one from {needed} m3 a year on",
        f"无水资源论证登记；新建项目取水许可达每年 {needed} 立方米的须提交论证",
        project.needed_demonstration,
    )
