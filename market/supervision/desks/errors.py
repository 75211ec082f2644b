"""What the desks of the bureau refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotAllowed, Refusal

LICENSING_38 = "行政许可法 art. 38"
LICENSING_45 = "行政许可法 art. 45"
LICENSING_46 = "行政许可法 arts 46-48"
SERVICE = "service rule of the exchange"
COUNTY = "the county pack, section reviews"


class OtherDesk(NotAllowed):
    """A matter is decided at its own desk, by its members and their deputies."""

    code = "other_desk"
    title_en = "This is decided at another desk"
    title_zh = "该事项由其他岗位办理"
    legal = COUNTY


class OwnProcedure(Conflict):
    """What has steps of its own is decided by them."""

    code = "own_procedure"
    title_en = "This is decided by the steps of its own procedure"
    title_zh = "该事项按其自身程序办理"
    legal = COUNTY


class Recused(NotAllowed):
    """Who has stood aside takes no part any more."""

    code = "recused"
    title_en = "You have stood aside in this matter"
    title_zh = "您已回避该事项"
    legal = "行政许可法 art. 72"


class SecondPerson(NotAllowed):
    """Where the rule asks two persons, who proposed does not confirm."""

    code = "four_eyes"
    title_en = "Another person has to confirm this"
    title_zh = "须由另一人复核"
    legal = COUNTY


class OtherThanProposed(Conflict):
    """A second person confirms what was proposed, or returns it; nothing else."""

    code = "other_than_proposed"
    title_en = "This is not what was proposed: return it first"
    title_zh = "与拟定意见不一致，请先退回"
    legal = COUNTY


class NothingProposed(Conflict):
    """Only a proposal is returned."""

    code = "nothing_proposed"
    title_en = "Nothing was proposed here"
    title_zh = "尚无拟定意见"
    legal = COUNTY


class FileClosed(Conflict):
    """The matter is decided, or has ended: its file changes no more."""

    code = "file_closed"
    title_en = "The file is closed"
    title_zh = "案卷已归档"
    legal = SERVICE


class FileOpen(Refusal):
    """A file is archived when it is closed."""

    code = "file_open"
    title_en = "The file is still open"
    title_zh = "案卷尚未归档"
    legal = SERVICE


class HearingRunning(Conflict):
    """While it is heard, nothing is decided, and no other hearing begins."""

    code = "hearing_running"
    title_en = "A hearing is being held"
    title_zh = "听证尚未结束"
    legal = LICENSING_45


class HearingOver(Conflict):
    """A hearing is closed once."""

    code = "hearing_over"
    title_en = "The hearing is closed already"
    title_zh = "听证已结束"
    legal = LICENSING_45


class HeardInTheRegister(Conflict):
    """Hearings over an application for a right are steps of that right."""

    code = "heard_in_the_register"
    title_en = "Open the hearing at the application itself"
    title_zh = "请在水权申请中开始听证"
    legal = LICENSING_45


class PublicationRunning(Conflict):
    """What is published for objection is decided after its days."""

    code = "publication_running"
    title_en = "The days of the publication are not over"
    title_zh = "公示期未满"
    legal = LICENSING_46


class ObjectionOpen(Conflict):
    """Every objection is answered before the decision, once."""

    code = "objection_open"
    title_en = "An objection has to be answered first"
    title_zh = "尚有异议未答复"
    legal = LICENSING_46


class ObjectionAnswered(Conflict):
    """An objection is answered once."""

    code = "objection_answered"
    title_en = "The objection was answered before"
    title_zh = "异议已答复"
    legal = LICENSING_46


class ObjectedBefore(Conflict):
    """A participant objects to a matter once."""

    code = "objected_before"
    title_en = "You have objected to this before"
    title_zh = "已提出过异议"
    legal = LICENSING_46


class OwnMatter(Conflict):
    """Whom a matter concerns does not object to it."""

    code = "own_matter"
    title_en = "This is a matter of your own"
    title_zh = "不能对本方事项提出异议"
    legal = LICENSING_46


class InterestKnown(Conflict):
    """An interest is declared once."""

    code = "interest_known"
    title_en = "This interest is declared already"
    title_zh = "该利害关系已申报"
    legal = SERVICE


class InterestOver(Conflict):
    """A declared interest is struck off once, and by somebody else than who declared it."""

    code = "interest_over"
    title_en = "This interest does not stand any more, or is your own"
    title_zh = "该申报已失效，或不得由本人撤销"
    legal = SERVICE


class DeputyRefused(Refusal):
    """A deputy is another person of the bureau whose office may be joined with the desk's, from today on."""

    code = "deputy_refused"
    title_en = "This person cannot stand in"
    title_zh = "不能委托该人员代行职责"
    legal = SERVICE


class DeputyOver(Conflict):
    """An appointment is revoked once."""

    code = "deputy_over"
    title_en = "The appointment is revoked already"
    title_zh = "委托已撤销"
    legal = SERVICE


class ServedBefore(Conflict):
    """A notice is served on an addressee once."""

    code = "served_before"
    title_en = "The notice was served on them before"
    title_zh = "该通知已送达"
    legal = LICENSING_38


class ServedLater(Refusal):
    """A notice is served on or after the day of its issue, and not in the days to come."""

    code = "served_on"
    title_en = "A notice is served between its issue and today"
    title_zh = "送达日期应在签发之日至今日之间"
    legal = LICENSING_38


class ComplaintAbout(InvalidInput):
    """A complaint is about the decision of a notice, or about a person at the bureau."""

    code = "complaint_about"
    title_en = "Say which notice, or whom, you complain of"
    title_zh = "请说明所投诉的决定书或工作人员"
    legal = SERVICE


class ComplaintState(Conflict):
    """A complaint is answered, or withdrawn, once."""

    code = "complaint_state"
    title_en = "The complaint does not wait any more"
    title_zh = "投诉已办结"
    legal = SERVICE
