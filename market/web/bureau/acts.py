"""An act of the bureau as a page: what is asked, what will happen in words and figures, the reason, and only then it.

One shape for all: an act is named by its route of the API, is open to whom that route is open, and its page says
before it happens what it will do. What needs particulars first (a volume, a filter, a class) asks for them in a first
step, whose answers the second step repeats and previews.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

from market.core import clock
from market.web.forms import Typed

Values = dict[str, Any]
Choices = Sequence[tuple[str, object]]
MOST_FOUND = 50


@dataclass(frozen=True)
class Ask:
    """Something that a form asks for; `name` is that of the API's field.

    `kind`: text, words, number, choice, find, day, instant, tick, many. What is one of thousands is found by a part of
    its name: `finds` takes that and what was chosen, and gives what there is to choose from, at most `MOST_FOUND`.
    """

    name: str
    label: object
    kind: str = "text"
    hint: object = ""
    unit: object = ""
    required: bool = True
    choices: Callable[[], Choices] | None = None
    value: Callable[[], object] | None = None
    finds: Callable[[str, str], Choices] | None = None

    @property
    def sought(self) -> str:
        """The field of the form that holds a part of the name of what is to be found."""
        return f"{self.name}_sought"

    def found(self, typed: Typed) -> Choices:
        """What there is to choose from: what bears the name that was typed, or what was chosen before."""
        assert self.finds is not None
        name, chosen = typed.get(self.sought, ""), typed.get(self.name, "")
        return self.finds(name, chosen) if name or chosen else ()


@dataclass
class Told:
    """What a page says before an act: facts of what it concerns, what will happen, and where that is written.

    `figures`: (label, value, note); `rows`: a table with its heads, the first rows of what is done to whom.
    """

    facts: list[tuple[object, object]] = field(default_factory=list)
    says: list[object] = field(default_factory=list)
    figures: list[tuple[object, object, object]] = field(default_factory=list)
    heads: list[object] = field(default_factory=list)
    rows: list[list[object]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    stops: list[object] = field(default_factory=list)
    version: Any = None
    keeps: dict[str, str] = field(default_factory=dict)


REASON = Ask("reason", _l("Reason"), "words", _l("It stands in the record, and whom it concerns reads it."))
REMARK = Ask("reason", _l("Remark"), "words", required=False)
LEGAL_SOURCE = Ask("legal_source", _l("Legal source"), "text", _l("Law or rule, with its article."))
OTHER_SOURCE = Ask(
    "legal_source", _l("Legal source"), "text", _l("Only where it is not the usual one."), required=False
)


def nothing_more(_ids: Typed, _typed: Typed) -> Told:
    """An act that its title says in full."""
    return Told()


def plain(act: Act, typed: Typed) -> Values:
    """A body of the fields as they are named; what is empty is left out."""
    return {
        each.name: value
        for each in (*act.asks, *act.signs)
        if (value := read(each, typed)) not in (None, "", [])
    }


def read(ask: Ask, typed: Typed) -> Any:
    """A field as the API wants it."""
    value = typed.get(ask.name, "")
    if ask.kind == "tick":
        return value == "yes"
    if ask.kind == "many":
        return [each for each in value.replace(",", " ").split() if each]
    if ask.kind == "instant" and value:
        return instant(value)
    if ask.kind == "count" and value.isdecimal():
        return int(value)
    return value


def instant(value: str) -> str:
    """A moment by the county's clock, as a browser sends it, with its zone; anything else stays as it is."""
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return (found if found.tzinfo else found.replace(tzinfo=clock.LEGAL_ZONE)).isoformat()


@dataclass(frozen=True)
class Act:
    """One act: its route of the API, its address, what it asks for and tells, and where it leads.

    `path` is the route's, without /v1; `back` and `then` are addresses in which `{name}` stands for an id of the path
    or a member of the answer. `facts_first`: what it concerns stands beside the particulars already.
    """

    endpoint: str
    path: str
    title: object
    done: object
    asks: tuple[Ask, ...] = ()
    signs: tuple[Ask, ...] = (REASON,)
    tells: Callable[[Typed, Typed], Told] = nothing_more
    body: Callable[[Act, Typed], Values] = plain
    back: str = "/desk"
    then: str = ""
    button: object = ""
    danger: bool = False
    facts_first: bool = False
    shown: Callable[[Mapping[str, Any]], str] | None = None

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/desk/act{self.path}"

    @property
    def name(self) -> str:
        """Its name among the endpoints of pages."""
        return self.endpoint.replace(".", "_")
