"""The rows of a county pack that say what goes before which desk of the bureau, and how it is decided there. Pure."""

from __future__ import annotations

from collections.abc import Callable

from market.county import review_parts as parts
from market.county.document import Item
from market.county.parts import Basis
from market.county.review_parts import Desk, ReviewRule

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
RIGHT_KINDS = ("abstraction_permit", "irrigation_certificate", "network_certificate", "regional")
_OF_TRADES = ("from_sector", "to_sector", "crossing_districts", "from_volume")
_PUBLISHED = ("publication_days", "objection", "publication_stops", "objection_stops")
_OPTIONAL = (
    "of", "kind", "desk", "from", "until", "working_days", *_OF_TRADES, *_PUBLISHED, "hearing_stops", "silence",
    "four_eyes", "warn_days", *BASIS,
)  # fmt: skip
OWN_DAYS = (
    parts.TRADE, parts.FIRM, parts.COMPLAINT, parts.ADMISSION, parts.PLEDGE, parts.REFUND,
)  # fmt: skip
"""Whose working days the rule says; elsewhere the law's clocks do, or the lane that a deal takes."""
PUBLISHED_HERE = (parts.TRADE, parts.PROGRAMME, parts.FIRM)
"""Applications for rights and what passes a right are published by rules of their own (`kinds`, `negotiated`)."""
OWN_PROCEDURE = (parts.ADMISSION, parts.PLEDGE, parts.REPORT, parts.CLAW_BACK, parts.REFUND)
"""Decided by steps of their own, which say by whom and by how many persons: a rule gives them a clock."""
DESK_OF = {
    parts.TRADE: parts.TRADES_DESK, parts.PROGRAMME: parts.TRADES_DESK, parts.RIGHT: parts.RIGHTS_DESK,
    parts.TRANSFER: parts.RIGHTS_DESK, parts.FIRM: parts.CONTRACTS_DESK, parts.COMPLAINT: parts.SUPERVISION_DESK,
    parts.ADMISSION: parts.RIGHTS_DESK, parts.PLEDGE: parts.RIGHTS_DESK, parts.REPORT: parts.CONTRACTS_DESK,
    parts.CLAW_BACK: parts.SUPERVISION_DESK, parts.REFUND: parts.SUPERVISION_DESK,
}  # fmt: skip
"""The desk where the rule names none."""


def rule(item: Item, basis_of: BasisOf) -> ReviewRule:
    """A rule of reviews. What one part of it says must fit the rest."""
    found = item.table(("code",), _OPTIONAL)
    of = found["of"].one_of(parts.REVIEWED) if "of" in found else parts.TRADE
    _check_of(item, of, found)
    own = {name: found[name].code() for name in ("from_sector", "to_sector") if name in found}

    def yes(name: str, otherwise: bool = False) -> bool:
        return found[name].boolean() if name in found else otherwise

    made = ReviewRule(
        code=found["code"].code(),
        working_days=found["working_days"].whole(1, 120) if "working_days" in found else 0,
        basis=basis_of(item, found),
        from_sector=own.get("from_sector"),
        to_sector=own.get("to_sector"),
        crossing=yes("crossing_districts"),
        from_litres=found["from_volume"].decimal(3) if "from_volume" in found else 0,
        of=of,
        kind=found["kind"].one_of(RIGHT_KINDS) if "kind" in found else None,
        desk=found["desk"].one_of(parts.DESKS) if "desk" in found else DESK_OF[of],
        from_on=found["from"].day() if "from" in found else None,
        until_on=found["until"].day() if "until" in found else None,
        publication_days=found["publication_days"].whole(1, 120) if "publication_days" in found else 0,
        objection=yes("objection"),
        publication_stops=yes("publication_stops"),
        objection_stops=yes("objection_stops"),
        hearing_stops=yes("hearing_stops", True),
        silence=found["silence"].one_of(parts.SILENCES) if "silence" in found else parts.NOTHING,
        four_eyes=yes("four_eyes"),
        warn_days=found["warn_days"].whole(0, 60) if "warn_days" in found else min(3, _days(found)),
    )
    _check_whole(made, item)
    return made


def _days(found: dict[str, Item]) -> int:
    return found["working_days"].whole(1, 120) if "working_days" in found else 120


def _check_of(item: Item, of: str, found: dict[str, Item]) -> None:
    """Each part of a rule stands only where it has a meaning. Errors: PackError."""
    decides = tuple(each for each in parts.REVIEWED if each not in OWN_PROCEDURE)
    for names, where in (
        (("desk", "silence", "four_eyes"), decides),
        (_OF_TRADES, (parts.TRADE,)),
        (_PUBLISHED, PUBLISHED_HERE),
        (("kind",), (parts.RIGHT,)),
    ):
        for name in names:
            if name in found and of not in where:
                raise found[name].wrong(f"a rule of {of} does not say this")
    if of in OWN_DAYS and "working_days" not in found:
        raise item.wrong("the key working_days is missing")
    if of not in OWN_DAYS and "working_days" in found:
        raise found["working_days"].wrong(f"the days of {of} stand in clocks and negotiated")


def _check_whole(made: ReviewRule, item: Item) -> None:
    """Errors: PackError."""
    if made.until_on is not None and made.until_on < (made.from_on or made.until_on):
        raise item.at("until").wrong("ends before it begins")
    if made.objection and not made.publication_days:
        raise item.at("objection").wrong("who objects reads of it first: publication_days is missing")
    if made.publication_stops and not made.publication_days:
        raise item.at("publication_stops").wrong("nothing is published here")
    if made.objection_stops and not made.objection:
        raise item.at("objection_stops").wrong("nobody objects here")
    if made.working_days and made.warn_days > made.working_days:
        raise item.at("warn_days").wrong("warns before it begins")
    if made.silence in (parts.APPROVED, parts.REFUSED) and made.of != parts.TRADE:
        raise item.at("silence").wrong("silence decides of trades only")
    if made.silence in (parts.APPROVED, parts.REFUSED) and made.four_eyes:
        raise item.at("silence").wrong("where two persons decide, silence does not")
    if made.silence == parts.ESCALATED and made.desk == parts.SUPERVISION_DESK:
        raise item.at("silence").wrong("there is no desk above supervision")


def key(made: ReviewRule) -> str:
    """What two rules may not have in common: the code and the day from which it holds."""
    return made.code if made.from_on is None else f"{made.code} from {made.from_on}"


def desk(item: Item, basis_of: BasisOf) -> Desk:
    """A desk of the bureau."""
    found = item.table(("code", "zh", "en", "mark"), BASIS)
    return Desk(
        code=found["code"].one_of(parts.DESKS),
        zh=found["zh"].text(60),
        en=found["en"].text(120),
        mark=found["mark"].text(20),
        basis=basis_of(item, found),
    )
