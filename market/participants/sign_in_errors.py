"""What one-time codes, sessions and passwords refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotAllowed, Refusal

LEVELS = "GB/T 22239-2019 8.1.4.1 (from memory)"
"""Basic requirements of graded protection: two means of proof, a limit on failures, an end to idle sessions."""


class TotpRequired(NotAllowed):
    """This role signs in with one-time codes, and the user has set up none yet: nothing else is open to it."""

    code = "totp_required"
    title_en = "Set up one-time codes first"
    title_zh = "请先绑定动态口令"
    legal = LEVELS


class TotpStays(Refusal):
    """This role signs in with one-time codes; they are replaced, not given up."""

    code = "totp_stays"
    title_en = "One-time codes cannot be given up in this role"
    title_zh = "该角色不能停用动态口令"
    legal = LEVELS


class TotpState(Conflict):
    """There is no secret that waits for its first code, or none that is in force."""

    code = "totp_state"
    title_en = "One-time codes are not in the state that this needs"
    title_zh = "动态口令状态不符"


class WrongCode(InvalidInput):
    """The code does not fit, was used before, or its time is over."""

    code = "wrong_code"
    title_en = "The code is wrong or no longer good"
    title_zh = "验证码错误或已失效"


class WrongPassword(NotAllowed):
    """What a change of one's own sign-in was proved with does not fit. Which part of it is not told."""

    code = "wrong_password"
    title_en = "Password or one-time code is wrong"
    title_zh = "密码或动态口令错误"


class SamePassword(InvalidInput):
    """The new password is the old one."""

    code = "same_password"
    title_en = "The new password must differ from the old one"
    title_zh = "新密码不能与原密码相同"


class SessionEnded(Conflict):
    """The session was ended before."""

    code = "session_ended"
    title_en = "The session was ended before"
    title_zh = "该会话已结束"
