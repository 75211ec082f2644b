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


class ContractTerms(Refusal):
    """A contract says everything that its mode needs, of parties, points and a firm that exist."""

    code = "contract_terms"
    title_en = "The contract's terms do not hold together"
    title_zh = "合同条款不完整或不一致"
    legal = SAVING_LAW


class NotAContractParty(NotAllowed):
    """Parties draft and sign; the bureau reads."""

    code = "not_a_contract_party"
    title_en = "Only a party of the contract may do this"
    title_zh = "仅合同当事人可办理"
    legal = "民法典 arts 465, 490: a contract binds, and is signed by, its parties"


class ContractState(Conflict):
    """The step is not possible in the present state of the contract."""

    code = "contract_state"
    title_en = "Not possible in the present state of the contract"
    title_zh = "合同当前状态不允许此操作"
    legal = SERVICE_RULE


class SignedVersion(Conflict):
    """What is signed never changes: an amendment is a version of its own, signed by all."""

    code = "signed_version"
    title_en = "What is signed does not change"
    title_zh = "已签署内容不得变更"
    legal = "民法典 art. 543: parties change a contract by agreement"


class OtherText(Conflict):
    """A signature is for the text with one SHA-256 and no other."""

    code = "other_text"
    title_en = "The signature is for another text"
    title_zh = "签署内容与合同文本不符"
    legal = SERVICE_RULE


class SignedBefore(Conflict):
    """A party signs a version once."""

    code = "signed_before"
    title_en = "This party has signed already"
    title_zh = "该当事人已签署"


class RelatedVerifier(Refusal):
    """A verifier is independent: neither a party nor of one owner with one, on the day of signing."""

    code = "related_verifier"
    title_en = "The verifier is related to a party"
    title_zh = "核验机构与当事人存在关联"
    legal = "SAVINGS section 8 (4); 节约用水条例 art. 40 with GB/T 34149 (not seen): independent verification"


class DepositNotCovered(Refusal):
    """A deposit is held of the firm when the last party signs."""

    code = "deposit_not_covered"
    title_en = "The firm's money does not cover the deposit"
    title_zh = "机构资金不足以缴纳保证金"
    legal = SERVICE_RULE


class PhaseOrder(Refusal):
    """Base, works, trial, operation, handing over: in this order, none in the future."""

    code = "phase_order"
    title_en = "The phase does not follow"
    title_zh = "阶段顺序不符合规定"
    legal = SERVICE_RULE


class DueState(Conflict):
    """What was paid or cancelled is not due any more."""

    code = "due_state"
    title_en = "This is not due any more"
    title_zh = "该款项已结清或取消"


class DueNotCovered(Refusal):
    """A due is paid whole with its interest, from the payer's money in the market."""

    code = "due_not_covered"
    title_en = "The money account does not cover what is due"
    title_zh = "资金账户余额不足"
    legal = SERVICE_RULE


class NotPrinted(Refusal):
    """A contract that was drafted while the county had no template has no text on paper."""

    code = "not_printed"
    title_en = "The county had no template when this was drafted"
    title_zh = "起草时本县尚无合同范本"
    legal = SERVICE_RULE
