"""Acts of the registrar by which rights become other rights: split, merged, inherited. Each shows the parts first."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import ids
from market.core.errors import UnknownId
from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import OTHER_SOURCE, REASON, Act, Ask, Told, Values, plain, read
from market.web.forms import Typed
from market.web.spoken import cubic

_RIGHT = "/entitlements/<ent:entitlement_id>"
BACK = "/desk/rights/{entitlement_id}"
VOLUMES = Ask(
    "volumes",
    _l("Volumes of the parts"),
    "many",
    _l("In m³ a year, blanks between them; together the whole right."),
)
RIGHTS = Ask(
    "entitlement_ids",
    _l("Which rights"),
    "many",
    _l("Their numbers, blanks between them; the first is shown."),
)
HEIRS = Ask(
    "heirs", _l("Heirs"), "words",
    _l("One a line: the number of the participant, a blank, its part in m³ a year. Together the whole right."),
)  # fmt: skip


def _sum(volumes: list[str]) -> Decimal | None:
    """The sum of volumes as they were typed, in m3; none where one of them is no figure."""
    try:
        found = [Decimal(each) for each in volumes]
    except InvalidOperation:
        return None
    return sum(found, Decimal(0)) if all(each.is_finite() and each > 0 for each in found) else None


def _parts(told: Told, right: Mapping[str, Any], named: list[tuple[object, str]]) -> Told:
    """Shows the parts of a right, and stops where they are not the whole."""
    total = _sum([volume for _, volume in named])
    if total is None or len(named) == 0:
        told.stops.append(gettext("A volume is not a figure in m³, such as 33.333."))
        return told
    told.heads = [gettext("Part"), gettext("Volume a year")]
    told.rows = [[name, cubic(volume)] for name, volume in named]
    told.figures = [
        (gettext("The right"), cubic(right["volume"]), ""), (gettext("The parts together"), cubic(f"{total:f}"), "")
    ]  # fmt: skip
    if total != Decimal(right["volume"]):
        told.stops.append(
            gettext("The parts are not the whole: they sum to another volume than the right has.")
        )
    return told


def _right(numbers: Typed, *says: object) -> tuple[Any, Told]:
    found = asking.get(f"/v1/entitlements/{numbers['entitlement_id']}")
    told = Told(facts=subjects.right(found), version=found["version"])
    told.says = [
        *says,
        gettext("Water announced before stays where it is; the new rights are announced the rest only."),
        gettext("This cannot be taken back."),
    ]
    return found, told


def _split(numbers: Typed, typed: Typed) -> Told:
    found, told = _right(
        numbers,
        gettext("The right ends; each part begins anew for the same holder, with its own certificate."),
    )
    volumes = read(VOLUMES, typed)
    named: list[tuple[object, str]] = [
        (gettext("Part %(number)s", number=number), volume) for number, volume in enumerate(volumes, start=1)
    ]
    if len(named) < 2:
        told.stops.append(gettext("A right is split into two parts or more."))
    return _parts(told, found, named)


def _heirs(typed: Typed) -> list[tuple[str, str]] | None:
    """The heirs as they were typed: participant and volume; none where a line is not of the two."""
    lines = [line.split() for line in typed.get("heirs", "").splitlines() if line.strip()]
    return [(each[0], each[1]) for each in lines] if all(len(each) == 2 for each in lines) else None


def _inherit(numbers: Typed, typed: Typed) -> Told:
    found, told = _right(
        numbers,
        gettext("The right ends with its holder; each heir gets a right of its own, with a certificate."),
    )
    heirs = _heirs(typed)
    if not heirs:
        told.stops.append(gettext("A line is not a number and a volume."))
        return told
    names = frame.parties(heir for heir, _ in heirs)
    return _parts(told, found, [(names[heir], volume) for heir, volume in heirs])


def _with_heirs(act: Act, typed: Typed) -> Values:
    heirs = [{"participant_id": heir, "volume": volume} for heir, volume in _heirs(typed) or ()]
    return {**plain(act, typed), "heirs": heirs}


def _is_right(number: str) -> bool:
    try:
        return ids.parse("ent", number) > 0
    except UnknownId:
        return False


def _merge(_numbers: Typed, typed: Typed) -> Told:
    wanted = list(dict.fromkeys(read(RIGHTS, typed)))
    strange = [each for each in wanted if not _is_right(each)]
    if strange:
        return Told(
            stops=[gettext("%(number)s is not the number of a right.", number=each) for each in strange]
        )
    first = asking.get(f"/v1/entitlements/{wanted[0]}")
    told = Told(facts=subjects.right(first), heads=[gettext("Certificate"), gettext("Volume a year")])
    holders = asking.pages("/v1/entitlements", participant_id=first["participant_id"], status="confirmed")
    own = {each["id"]: each for each in holders}
    told.stops = [
        gettext("%(number)s is no confirmed right of this holder.", number=each)
        for each in wanted
        if each not in own
    ]
    if len(wanted) < 2:
        told.stops.append(gettext("Name two rights or more."))
    if told.stops:
        return told
    told.rows = [[own[each]["certificate_number"], cubic(own[each]["volume"])] for each in wanted]
    total = sum((Decimal(own[each]["volume"]) for each in wanted), Decimal(0))
    told.figures = [(gettext("The new right"), cubic(f"{total:f}"), "")]
    told.says = [
        gettext("The rights end and go on as one, with one certificate, for the same holder and place."),
        gettext("What each was announced this year counts for the new right."),
        gettext("This cannot be taken back."),
    ]
    return told


def _certificates(made: Mapping[str, Any]) -> str:
    """What came of it."""
    return gettext(
        "New certificates: %(numbers)s",
        numbers=", ".join(each["certificate_number"] for each in made["data"]),
    )


ACTS = (
    Act(
        "life.split", f"{_RIGHT}/split", _l("Split the right"), _l("The right is split."), asks=(VOLUMES,),
        tells=_split, back=BACK, danger=True, shown=_certificates,
    ),
    Act(
        "life.merge", "/entitlements/merge", _l("Merge rights"), _l("The rights are merged."), asks=(RIGHTS,),
        tells=_merge, back="/desk/rights?status=confirmed", danger=True, shown=_certificates,
    ),
    Act(
        "life.inherit", f"{_RIGHT}/inherit", _l("Pass the right to heirs"), _l("The right has passed to the heirs."),
        asks=(HEIRS,), signs=(REASON, OTHER_SOURCE), tells=_inherit, body=_with_heirs, back=BACK, danger=True,
        shown=_certificates,
    ),
)  # fmt: skip
