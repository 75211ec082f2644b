"""What participants and access refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, Refusal


class WrongCredentials(NotAuthenticated):
    """Login, password or one-time code do not fit. Which of them is not told."""

    code = "wrong_credentials"
    title_en = "Login, password or one-time code is wrong"
    title_zh = "账号、密码或动态口令错误"


class LockedOut(NotAuthenticated):
    """Too many failed sign-ins; the account is locked for a while."""

    code = "locked_out"
    title_en = "Locked after failed sign-ins"
    title_zh = "多次登录失败，账号暂时锁定"


class NoMandate(NotAllowed):
    """There is no valid mandate to act for this participant in this."""

    code = "no_mandate"
    title_en = "No mandate to act for this participant"
    title_zh = "无权代理该主体"
    legal = "民法典 art. 161-165"


class ScopeMissing(NotAllowed):
    """The API key does not carry the scope that this needs."""

    code = "scope_missing"
    title_en = "The key lacks the scope"
    title_zh = "密钥权限不足"


class TestKeyRefused(NotAuthenticated):
    """A key of the test county was sent to an installation that has none."""

    code = "test_key_refused"
    title_en = "A key of a test county that is not here"
    title_zh = "本系统未启用测试县，测试密钥无效"


class NoTestCounty(Conflict):
    """This asks for something of the test county, and the installation has none."""

    code = "no_test_county"
    title_en = "This installation has no test county"
    title_zh = "本系统未启用测试县"


class NoTestSignIn(InvalidInput):
    """A key of the test county acts as a user who is there."""

    code = "no_test_sign_in"
    title_en = "The test county has no such user"
    title_zh = "测试县没有该用户"


class CsrfFailed(NotAllowed):
    """A change asked for by cookie came without the matching CSRF header."""

    code = "csrf_failed"
    title_en = "CSRF check failed"
    title_zh = "CSRF 校验失败"


class WrongIdentifier(InvalidInput):
    """The unified social credit code or identity number does not check."""

    code = "wrong_identifier"
    title_en = "The identifier does not check"
    title_zh = "证件号码校验不通过"
    legal = "GB 32100-2015; GB 11643-1999"


class IdentifierKnown(Conflict):
    """A participant with this identifier exists."""

    code = "identifier_known"
    title_en = "This person or body is registered already"
    title_zh = "该主体已登记"


class LoginTaken(Conflict):
    """The login is somebody's already."""

    code = "login_taken"
    title_en = "The login is taken"
    title_zh = "该登录名已被使用"


class RolesNotForKind(Refusal):
    """A participant of this kind cannot have these roles, or the roles exclude each other."""

    code = "roles_not_allowed"
    title_en = "These roles are not possible here"
    title_zh = "不允许的角色"


class ParticipantState(Conflict):
    """The participant is not in the state that this step needs."""

    code = "participant_state"
    title_en = "Not possible in the participant's state"
    title_zh = "主体当前状态不允许此操作"


class OwnerLoop(Refusal):
    """The owner named does not stand at the end of a chain of ownership."""

    code = "owner_loop"
    title_en = "Name the owner at the end of the chain"
    title_zh = "请指定最终受益人"


class MandateDates(InvalidInput):
    """A mandate ends after it begins, and not in the past."""

    code = "mandate_dates"
    title_en = "The mandate's dates do not fit"
    title_zh = "委托期限无效"


class StaleVersion(Refusal):
    """Changed since it was read."""

    code = "version_changed"
    status = 412
    title_en = "Changed since it was read"
    title_zh = "读取后已被更改"


class WeakPassword(InvalidInput):
    """A password that is too short or a few characters repeated."""

    code = "weak_password"
    title_en = "The password is too weak"
    title_zh = "密码强度不足"


class TokenReused(NotAuthenticated):
    """A refresh token that was used before: somebody copied it, so every session of the user is ended."""

    code = "token_reused"
    title_en = "The refresh token was used before; all sessions are ended"
    title_zh = "刷新令牌已被使用，所有会话已终止"


class NotAClerk(Refusal):
    """A mandate goes to an active user of an admitted participant, never to the bureau or to the holder itself."""

    code = "not_a_clerk"
    title_en = "This user cannot act for the participant"
    title_zh = "该用户不能受托代理"
    legal = "民法典 art. 161-165"


class CreditTerm(Refusal):
    """An entry of the credit record counts for a limited time only."""

    code = "credit_term"
    title_en = "The entry counts for too long, or ended before"
    title_zh = "信用记录有效期不符合规定"
    legal = "失信行为纠正后的信用信息修复管理办法（试行） art. 11 (from memory)"


class CreditEntryState(Conflict):
    """The entry was withdrawn before."""

    code = "credit_entry_state"
    title_en = "The entry was withdrawn before"
    title_zh = "该信用记录已撤销"


class NotAppealable(Refusal):
    """An appeal is against an entry out of a finding that stands, within the days of the county's rule."""

    code = "not_appealable"
    title_en = "The entry cannot be appealed against, or no longer"
    title_zh = "该信用记录不能申诉，或已超过申诉期限"
    legal = "行政复议法 (2023) art. 20 (model)"


class AppealState(Conflict):
    """There is one appeal against an entry, and it is decided once."""

    code = "credit_appeal_state"
    title_en = "There was an appeal before, or it is decided"
    title_zh = "已提出申诉或申诉已决定"


class SamePerson(NotAllowed):
    """Who closed the case, or is named in it, does not decide the appeal."""

    code = "same_person"
    title_en = "An appeal is decided by another person"
    title_zh = "申诉应由其他人员决定"
    legal = "行政复议法 (2023) (model): who decided does not decide again"


class ExternalIdTaken(Conflict):
    """Another thing of this kind bears this external id of the participant."""

    code = "external_id_taken"
    title_en = "Another thing of this kind has this external id"
    title_zh = "该外部编号已用于同类的另一对象"
