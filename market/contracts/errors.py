"""What firms, projects and saving contracts refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal

SERVICE_RULE = "service rule of the exchange: saving projects"
SAVING_LAW = "节约用水条例 art. 40: contracts with service firms for saving water"


class NotAServiceFirm(NotAllowed):
    """The directory lists service firms; other kinds of participants are not in it."""

    code = "not_a_service_firm"
    title_en = "Only a service firm that was admitted may do this"
    title_zh = "仅已准入的节水服务机构可办理"
    legal = SAVING_LAW


class FirmKnown(Conflict):
    """A firm is in the directory once."""

    code = "firm_known"
    title_en = "The firm is registered already"
    title_zh = "该机构已登记"


class FirmState(Conflict):
    """The step is not possible in the present state of the firm's entry."""

    code = "firm_state"
    title_en = "Not possible in the present state of the firm's entry"
    title_zh = "机构登记当前状态不允许此操作"
    legal = SERVICE_RULE


class FirmNotListed(Conflict):
    """Calls are answered by firms that the bureau has listed."""

    code = "firm_not_listed"
    title_en = "The firm is not listed"
    title_zh = "该机构未列入名录"
    legal = SERVICE_RULE


class QualificationKnown(Conflict):
    """A paper is shown once."""

    code = "qualification_known"
    title_en = "This paper was shown before"
    title_zh = "该资质已提交"


class QualificationState(Conflict):
    """The bureau has decided on the paper already."""

    code = "qualification_state"
    title_en = "The paper was decided on before"
    title_zh = "该资质已审核"


class QualificationDates(Refusal):
    """A paper is valid for some time that is not over."""

    code = "qualification_dates"
    title_en = "The paper's dates do not fit"
    title_zh = "资质有效期不符合规定"
    legal = SERVICE_RULE


class ProjectState(Conflict):
    """The step is not possible in the present state of the project."""

    code = "project_state"
    title_en = "Not possible in the present state of the project"
    title_zh = "项目当前状态不允许此操作"
    legal = SERVICE_RULE


class ProjectDeadline(Refusal):
    """A call is open for some time, and only that long."""

    code = "project_deadline"
    title_en = "The deadline does not fit"
    title_zh = "征集截止时间不符合规定"
    legal = SERVICE_RULE


class ProposalsSealed(Conflict):
    """Sealed proposals are opened after the deadline."""

    code = "proposals_sealed"
    title_en = "The proposals are sealed until the deadline"
    title_zh = "方案在截止时间前密封"
    legal = SERVICE_RULE


class ProposalTerms(Refusal):
    """A proposal fits the call: its mode, its term, a saving below the use, one price for its mode."""

    code = "proposal_terms"
    title_en = "The proposal does not fit the call"
    title_zh = "方案不符合征集要求"
    legal = SERVICE_RULE


class ProposalKnown(Conflict):
    """A firm has one standing proposal for a project: it withdraws that one first."""

    code = "proposal_known"
    title_en = "The firm has a proposal for this project"
    title_zh = "该机构已提交方案"


class ProposalState(Conflict):
    """The proposal is withdrawn, chosen or declined."""

    code = "proposal_state"
    title_en = "Not possible in the present state of the proposal"
    title_zh = "方案当前状态不允许此操作"


class MarkKnown(Conflict):
    """A project bears a mark of a level once."""

    code = "mark_known"
    title_en = "The project bears this mark already"
    title_zh = "项目已有该标识"
