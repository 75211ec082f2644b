"""What the life of an entitlement refuses: one class a rule; `OF_NEED` says which for a need of a step."""

from __future__ import annotations

from collections.abc import Mapping

from market.core.errors import Conflict, InvalidInput, Refusal

REG = "取水许可和水资源费征收管理条例"
LICENSING = "行政许可法"
PAPERS = "service rule of the exchange: documents of a right"
WHOLE = "service rule of the exchange: the parts of a right are the whole"


class ApplicationStopped(Conflict):
    """A hearing or a dispute over the application is open: nothing is decided until it is closed."""

    code = "application_stopped"
    title_en = "A hearing or a dispute is open"
    title_zh = "听证或争议尚未结束"
    legal = f"{REG} art. 18; {LICENSING} art. 45"


class PublicationNeeded(Refusal):
    """A right of this kind is confirmed only after it was accepted and published for objection."""

    code = "publication_needed"
    title_en = "The application has not been published for objection"
    title_zh = "申请尚未公示"
    legal = f"{REG} art. 18"


class ObjectionPeriodRunning(Refusal):
    """The days for objections are not over."""

    code = "objection_period_running"
    title_en = "The objection period is still running"
    title_zh = "公示异议期未满"
    legal = f"{LICENSING} arts 46-47"


class ObjectionPeriodOver(Refusal):
    """An objection is lodged within the days that the publication gives."""

    code = "objection_period_over"
    title_en = "The objection period is over"
    title_zh = "公示异议期已过"
    legal = f"{LICENSING} arts 46-47"


class ObjectionsUndecided(Conflict):
    """An objection was lodged and is not decided."""

    code = "objections_undecided"
    title_en = "An objection is not decided"
    title_zh = "尚有异议未处理"
    legal = f"{LICENSING} art. 47"


class ObjectionUpheld(Refusal):
    """An objection was upheld: the application is refused, not confirmed."""

    code = "objection_upheld"
    title_en = "An objection was upheld"
    title_zh = "异议成立"
    legal = f"{LICENSING} art. 47"


class HearingState(Conflict):
    """A hearing is opened when none is open, and closed when one is."""

    code = "hearing_state"
    title_en = "Not possible as the hearings stand"
    title_zh = "听证状态不允许此操作"
    legal = f"{LICENSING} art. 45"


class DisputeState(Conflict):
    """A dispute is opened when none is open, and closed when one is."""

    code = "dispute_state"
    title_en = "Not possible as the disputes stand"
    title_zh = "争议状态不允许此操作"
    legal = f"{REG} art. 18"


class TermOver(Refusal):
    """The right's term has ended: it expires, and nothing else is done with it."""

    code = "term_over"
    title_en = "The term is over"
    title_zh = "有效期已届满"
    legal = f"{REG} art. 25"


class TermRunning(Refusal):
    """A right expires after the last day of its term."""

    code = "term_running"
    title_en = "The term is still running"
    title_zh = "有效期未满"
    legal = f"{REG} art. 25"


class TermNeedsGrounds(Refusal):
    """A permit that is to last longer than the usual term says why."""

    code = "term_needs_grounds"
    title_en = "A term longer than usual needs its basis"
    title_zh = "超过一般期限须说明依据"
    legal = f"{REG} art. 25"


class RenewalTooLate(Refusal):
    """A renewal is asked for at least so many days before the permit expires."""

    code = "renewal_too_late"
    title_en = "Too late to ask for renewal"
    title_zh = "已过申请延续的期限"
    legal = f"{REG} art. 25"


class RenewalState(Conflict):
    """A renewal is asked for once, and decided after it was asked for."""

    code = "renewal_state"
    title_en = "Not possible as the renewal stands"
    title_zh = "延续申请状态不允许此操作"
    legal = f"{REG} art. 25"


class OwnApplication(Refusal):
    """Objections are lodged by others."""

    code = "own_application"
    title_en = "Nobody objects to an application of one's own"
    title_zh = "不得对本人申请提出异议"
    legal = f"{LICENSING} arts 46-47"


class ObjectionExists(Conflict):
    """One objection a participant and application."""

    code = "objection_exists"
    title_en = "You have objected to this application already"
    title_zh = "已对该申请提出异议"
    legal = f"{LICENSING} arts 46-47"


class ObjectionState(Conflict):
    """An objection is decided once."""

    code = "objection_state"
    title_en = "The objection is decided already"
    title_zh = "该异议已处理"
    legal = f"{LICENSING} arts 46-47"


class PartsNotWhole(InvalidInput):
    """Parts of a right are positive and sum to it, to the litre."""

    code = "parts_not_whole"
    title_en = "The parts are not the whole"
    title_zh = "分割水量之和与原水权不符"
    legal = WHOLE


class MergeMismatch(Refusal):
    """Only rights of one holder, kind, place, sector, source, priority and last day are merged."""

    code = "merge_mismatch"
    title_en = "These rights cannot be merged"
    title_zh = "水权不符合合并条件"
    legal = f"{REG} art. 26"


class SameHolder(InvalidInput):
    """A right passes to somebody else."""

    code = "same_holder"
    title_en = "The right is that participant's already"
    title_zh = "该主体已持有此水权"
    legal = "service rule of the exchange: a right passes to another participant"


class PermitPassesWhole(Refusal):
    """A permit passes whole, with its works; part of its water is sold as verified saving only."""

    code = "permit_passes_whole"
    title_en = "A permit passes whole"
    title_zh = "取水许可须整体变更"
    legal = f"{REG} arts 26-27"


class AmendmentRaises(Refusal):
    """More water is applied for, not amended: the caps and the publication are not passed by."""

    code = "amendment_raises"
    title_en = "An amendment never raises the volume"
    title_zh = "变更不得增加水量"
    legal = f"{REG} arts 20, 26"


class AmendmentAfterAnnouncement(Refusal):
    """A volume of which a share was announced stays for that year: split off what is given up, and cancel it."""

    code = "amendment_after_announcement"
    title_en = "A share of this volume is announced for an open water year"
    title_zh = "本年度已公告水量，不得变更总量"
    legal = "service rule of the exchange: shares are announced of the volume that was confirmed"


class NothingAmended(InvalidInput):
    """An amendment changes something."""

    code = "nothing_amended"
    title_en = "Nothing would change"
    title_zh = "没有变更内容"
    legal = f"{REG} art. 26"


class NotUnused(Refusal):
    """Only a permit that was not used for two years, without an excuse, is cancelled for that."""

    code = "not_unused"
    title_en = "The right was not unused for so long"
    title_zh = "未达到停止取水年限"
    legal = f"{REG} art. 44"


class DocumentType(InvalidInput):
    """A document is a PDF, PNG or JPEG, and its content says so too."""

    code = "document_type"
    title_en = "Not a PDF, PNG or JPEG"
    title_zh = "仅接受 PDF、PNG、JPEG 文件"
    legal = PAPERS


class DocumentSize(InvalidInput):
    """A document has 1 byte to 512 KiB."""

    code = "document_size"
    title_en = "The document is too large, or empty"
    title_zh = "文件过大或为空"
    legal = PAPERS


class DocumentExists(Conflict):
    """The same document was handed in for this right before."""

    code = "document_exists"
    title_en = "The document is there already"
    title_zh = "该文件已提交"
    legal = PAPERS


class TooManyDocuments(Refusal):
    """A right has a limited number of documents."""

    code = "too_many_documents"
    title_en = "No more documents for this right"
    title_zh = "文件数量已达上限"
    legal = PAPERS


class AssessmentNeeded(Refusal):
    """A permit from the county's threshold on names the water-resource assessment of its project."""

    code = "assessment_needed"
    title_en = "A water-resource assessment is needed"
    title_zh = "须提供水资源论证"
    legal = f"{REG} art. 11"


class AssessmentTooSmall(Refusal):
    """The rights that name an assessment do not pass the volume that it found."""

    code = "assessment_too_small"
    title_en = "More than was assessed"
    title_zh = "超过水资源论证水量"
    legal = f"{REG} art. 11"


class AssessmentExists(Conflict):
    """An authority gives a number once."""

    code = "assessment_exists"
    title_en = "There is an assessment of this number"
    title_zh = "该论证文号已登记"
    legal = "service rule of the exchange: an assessment is recorded once"


class RightPledged(Conflict):
    """A pledged right is changed or passed on only after its bank has released it."""

    code = "right_pledged"
    title_en = "The right is pledged: its bank releases it first"
    title_zh = "水权已质押，须先由质权人解除质押"
    legal = "民法典 arts 443-446"


OF_NEED: Mapping[str, type[Refusal]] = {
    "nothing_stops_it": ApplicationStopped,
    "published_where_needed": PublicationNeeded,
    "objection_period": ObjectionPeriodOver,
    "objection_period_over": ObjectionPeriodRunning,
    "objections_decided": ObjectionsUndecided,
    "no_objection_upheld": ObjectionUpheld,
    "no_hearing": HearingState,
    "a_hearing": HearingState,
    "no_dispute": DisputeState,
    "a_dispute": DisputeState,
    "in_term": TermOver,
    "term_over": TermRunning,
    "free_of_pledges": RightPledged,
    "renewal_asked": RenewalState,
    "renewal_not_asked": RenewalState,
    "renewal_in_time": RenewalTooLate,
}
