"""What the rules about personal data refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal


class UnmaskNotAllowed(NotAllowed):
    """This kind of data is not shown to the role at all, whatever the purpose."""

    code = "unmask_not_allowed"
    title_en = "Not shown to this role, for no purpose"
    title_zh = "该角色无权查看此类个人信息"
    legal = "个人信息保护法 art. 6"


class TooManyUnmaskings(Refusal):
    """One user has looked at more people's data in an hour than a task needs."""

    code = "too_many_unmaskings"
    status = 429
    title_en = "Too many looks at personal data in an hour"
    title_zh = "一小时内查看个人信息次数过多"
    legal = "个人信息保护法 art. 51"


class AlreadyErased(Conflict):
    """The participant's data were erased: there is nothing left to show or to erase."""

    code = "already_erased"
    title_en = "The data were erased before"
    title_zh = "个人信息已删除"


class OnlyInPerson(NotAllowed):
    """The whole of one's data goes to oneself alone, and erasure is asked for by oneself: not under a mandate."""

    code = "only_in_person"
    title_en = "Only the person itself may ask for this"
    title_zh = "仅限本人办理"
    legal = "个人信息保护法 arts 45, 47"
