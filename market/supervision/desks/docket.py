"""The docket: a file for every matter that waits, opened with the rule of the day on which it began, and its clock.

Whatever puts a matter before the bureau (the engine, a registrar, an applicant) writes nothing here. The docket finds
what waits and opens its file, and closes the file of what has ended elsewhere; who looks at a desk, and the job
`reviews-due`, have it do so.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import acts, audit, clock, workdays
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import DEMONSTRATION
from market.county.review_parts import TRADE, ReviewRule
from market.county.review_rows import DESK_OF
from market.registry import clocks as law_clocks
from market.registry import steps as right_steps
from market.registry.models import Entitlement
from market.supervision.desks import archive, matters, rules, waiting
from market.supervision.desks.errors import FileClosed
from market.supervision.desks.models import ELSEWHERE, OPEN, OWN_PROCEDURE, RIGHT, DeskReview, DeskReviewStep

_rule = msgspec.json.Decoder(ReviewRule).decode

KEEPER = audit.Actor(request_id="docket")
"""Who opens files, in the record: nobody who signed in."""
REVIEW = "desk_review"
MOST_AT_ONCE = 2000
tell = partial(acts.done, source="supervision", kind=REVIEW)

_OPENED_SQL = """
INSERT INTO desk_reviews (kind, reference, desk, rule, terms, four_eyes, parties, litres, fen, began_at, working_days,
                          published_until)
SELECT x.kind, x.reference, x.desk, x.rule, x.terms, x.four_eyes,
       ARRAY(SELECT p::bigint FROM jsonb_array_elements_text(x.parties) p), x.litres, x.fen, x.began_at,
       x.working_days, x.published_until
  FROM jsonb_to_recordset(%s::jsonb) AS x (kind text, reference bigint, desk text, rule text, terms text,
       four_eyes boolean, parties jsonb, litres bigint, fen bigint, began_at timestamptz, working_days smallint,
       published_until date)
ON CONFLICT (kind, reference) WHERE status = 'open' DO NOTHING
RETURNING id, kind, reference
"""
_STEPS_SQL = """
INSERT INTO desk_review_steps (review_id, step, at)
SELECT i, %s, %s FROM unnest(%s::bigint[]) AS i ORDER BY i
"""
_STOPS_SQL = """
SELECT review_id, 'hearing', opened_at, closed_at FROM review_hearings WHERE review_id = ANY (%(ids)s::bigint[])
UNION ALL
SELECT review_id, 'objection', lodged_at, answered_at FROM review_objections WHERE review_id = ANY (%(ids)s::bigint[])
"""


Opened = list[tuple[int, dict[str, Any]]]
"""Files that were opened, with what the audit trail says of each."""


class _Facts(NamedTuple):
    reference: int
    began_at: dt.datetime
    code: str | None
    due_on: dt.date | None
    parties: list[int]
    litres: int | None
    fen: int | None
    right_kind: str | None


def keep(session: Session) -> int:
    """Opens the files that are missing and closes those whose matter has ended; returns how many of both.

    At most MOST_AT_ONCE of each, the oldest first.
    """
    missing, gone = _compared(session)
    if missing:
        tell_opened(session, _open(session, missing))
    if gone:
        _end(session, gone)
    return sum(len(each) for each in missing.values()) + len(gone)


def _compared(
    session: Session, kind: str | None = None, reference: int | None = None
) -> tuple[dict[str, list[int]], list[int]]:
    """The matters without a file, by kind, and the open files without a matter; of all, or of one matter."""
    wanted = {"most": MOST_AT_ONCE, "kind": kind, "reference": reference}
    missing: dict[str, list[int]] = defaultdict(list)
    gone = []
    statement = waiting.COMPARED_SQL if kind is None else waiting.ONE_COMPARED_SQL
    for is_missing, of, number in raw(session).execute(statement, wanted).fetchall():
        if is_missing:
            missing[of].append(number)
        else:
            gone.append(number)
    return missing, gone


def _open(session: Session, missing: dict[str, list[int]]) -> Opened:
    connection = raw(session)
    pack = pack_in_force(connection)
    made = [
        _file(pack, kind, _Facts(*row))
        for kind, references in sorted(missing.items())
        for row in connection.execute(waiting.FACTS_SQL[kind], {"ids": Bigints(references)}).fetchall()
    ]
    opened = connection.execute(_OPENED_SQL, (msgspec.json.encode(made).decode(),)).fetchall()
    connection.execute(_STEPS_SQL, ("opened", clock.now(), Bigints(row[0] for row in opened)))
    return [(number, {"kind": kind, "reference": reference}) for number, kind, reference in sorted(opened)]


def tell_opened(session: Session, opened: Opened) -> None:
    """Tells of files that were opened; after everything else that is locked, for that locks the audit trail."""
    if opened:
        told = [(REVIEW, "opened", opened)]
        acts.done_many(raw(session), actor=KEEPER, source="supervision", told=told)


def _file(pack: Pack, kind: str, facts: _Facts) -> dict[str, Any]:
    began_on = legal_day(facts.began_at)
    rule = rule_of(pack, kind, facts.code, facts.right_kind, began_on)
    days = rule.working_days
    if kind == RIGHT:
        given = right_steps.clock_of(pack, law_clocks.decision_clock(facts.right_kind or ""))
        days = given.length if given is not None else 0
    elif facts.due_on is not None:  # the matter's own last day, as it was worked out when it began
        days = rules.working_days_between(began_on, facts.due_on, workdays.is_working_day)
    until = began_on + dt.timedelta(days=rule.publication_days) if rule.publication_days else None
    return {
        "kind": kind, "reference": facts.reference, "desk": rule.desk, "rule": rule.code,
        "terms": msgspec.json.encode(rule).decode(), "parties": facts.parties,
        "four_eyes": rule.four_eyes and kind not in OWN_PROCEDURE,
        "litres": facts.litres, "fen": facts.fen, "began_at": facts.began_at, "working_days": max(days, 0),
        "published_until": until,
    }  # fmt: skip


def rule_of(pack: Pack, kind: str, code: str | None, right_kind: str | None, day: dt.date) -> ReviewRule:
    """The rule by which a matter came before a desk on a day.

    A trade names it; where it is that of a deal's lane, or the pack says nothing of a kind, the plainest rule holds:
    one person decides at the usual desk, and silence means nothing.
    """
    of = matters.RULE_OF[kind]
    for rule in pack.reviews_on(day):
        if rule.of == of and (rule.code == code if of == TRADE else rule.kind in (None, right_kind)):
            return rule
    return ReviewRule(code or of, 0, DEMONSTRATION, of=of, desk=DESK_OF[of])


def _end(session: Session, review_ids: Sequence[int]) -> None:
    """The matters of these files have ended elsewhere; a file that another closed meanwhile stays as it is."""
    connection = raw(session)
    rows = connection.execute(
        "SELECT id FROM desk_reviews WHERE id = ANY (%s::bigint[]) AND status = 'open' ORDER BY id FOR UPDATE",
        (Bigints(review_ids),),
    ).fetchall()
    still_open = [row[0] for row in rows]
    if not still_open:
        return
    connection.execute(_STEPS_SQL, ("ended_elsewhere", clock.now(), Bigints(still_open)))
    closing = {"status": "closed", "outcome": ELSEWHERE, "closed_at": clock.now()}
    closed = archive.close(connection, still_open, closing)
    details = [(number, {"sha256": closed[number]}) for number in sorted(closed)]
    acts.done_many(
        connection, actor=KEEPER, source="supervision", told=[(REVIEW, "ended_elsewhere", details)]
    )


def legal_day(instant: dt.datetime) -> dt.date:
    """The legal day of an instant."""
    return instant.astimezone(clock.LEGAL_ZONE).date()


def rule_on_file(review: DeskReview) -> ReviewRule:
    """The rule as it was when the matter began."""
    return _rule(review.terms.encode())


def locked(session: Session, review_id: int) -> DeskReview:
    """An open file, locked. Errors: NotFound, FileClosed."""
    found = session.get(DeskReview, review_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such review")
    if found.status != OPEN:
        raise FileClosed(f"it was {found.outcome}", available=found.outcome)
    return found


def file_of(session: Session, kind: str, reference: int) -> tuple[DeskReview | None, Opened]:
    """The open file of a matter, locked, and what is to be told where it had to be opened for that (`tell_opened`).

    None where the matter does not wait for a desk.
    """
    missing, gone = _compared(session, kind, reference)
    opened = _open(session, missing) if missing else []
    if gone:
        return None, opened
    found = session.scalars(
        select(DeskReview)
        .where(DeskReview.kind == kind, DeskReview.reference == reference, DeskReview.status == OPEN)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    return found, opened


def parties_of(session: Session, kind: str, reference: int) -> list[int]:
    """The participants whom a matter concerns now; none where there is no such matter."""
    rows = raw(session).execute(waiting.FACTS_SQL[kind], {"ids": [reference]}).fetchall()
    return [party for row in rows for party in _Facts(*row).parties]


def latest(session: Session, kind: str, reference: int) -> DeskReview | None:
    """The last file of a matter, open or closed."""
    missing, _ = _compared(session, kind, reference)
    if missing:
        tell_opened(session, _open(session, missing))
    return session.scalars(
        select(DeskReview)
        .where(DeskReview.kind == kind, DeskReview.reference == reference)
        .order_by(DeskReview.id.desc())
        .limit(1)
    ).one_or_none()


def note(
    session: Session, review: DeskReview, step: str, *, by: int | None = None, for_user: int | None = None,
    reason: str = "", legal_source: str = "", detail: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Writes a step into a file."""
    session.add(
        DeskReviewStep(
            review_id=review.id, step=step, at=clock.now(), by_user=by, for_user=for_user, reason=reason,
            legal_source=legal_source, detail=msgspec.json.encode(detail or {}, order="sorted").decode(),
        )
    )  # fmt: skip
    session.flush()


def clocks_of(session: Session, reviews: Sequence[DeskReview]) -> dict[int, rules.Clock]:
    """The clock of each of these files, as it stands today."""
    today, stops = clock.today(), _stops(session, reviews)
    rights = [each.reference for each in reviews if each.kind == RIGHT and each.status == OPEN]
    by_law = dict(_law(session, rights)) if rights else {}
    found = {}
    for each in reviews:
        rule = rule_on_file(each)
        if each.reference in by_law and each.kind == RIGHT:
            view = by_law[each.reference]
            found[each.id] = rules.view(
                view.due_on, rule.warn_days, today, workdays.is_working_day,
                rules.LAW if view.stopped_since is not None else None, view.stopped_since,
            )  # fmt: skip
            continue
        terms = rules.Terms(
            each.working_days,
            rule.warn_days,
            rule.hearing_stops,
            rule.publication_stops,
            rule.objection_stops,
        )
        found[each.id] = rules.clock(
            terms, legal_day(each.began_at), stops[each.id], today, workdays.is_working_day
        )
    return found


def _stops(session: Session, reviews: Iterable[DeskReview]) -> dict[int, list[rules.Stop]]:
    found: dict[int, list[rules.Stop]] = defaultdict(list)
    for each in reviews:
        if each.published_until is not None:
            found[each.id].append(
                rules.Stop(rules.PUBLICATION, legal_day(each.began_at), each.published_until)
            )
    wanted = {"ids": Bigints(each.id for each in reviews)}
    for number, by, since, until in raw(session).execute(_STOPS_SQL, wanted).fetchall():
        found[number].append(
            rules.Stop(by, legal_day(since), legal_day(until) if until is not None else None)
        )
    return found


def _law(session: Session, right_ids: Sequence[int]) -> Iterator[tuple[int, law_clocks.ClockView]]:
    """The clock that the law gives the bureau for each of these applications."""
    rights = session.scalars(select(Entitlement).where(Entitlement.id.in_(right_ids))).all()
    for number, views in law_clocks.of_rights(raw(session), rights).items():
        for view in views:
            if view.whose == "bureau":
                yield number, view


def queue(session: Session, desk: str, *, after: int | None, limit: int) -> list[DeskReview]:
    """The open files of a desk by id, which is the order in which they came."""
    keep(session)
    statement = select(DeskReview).where(DeskReview.desk == desk, DeskReview.status == OPEN)
    if after is not None:
        statement = statement.where(DeskReview.id > after)
    return list(session.scalars(statement.order_by(DeskReview.id).limit(limit)))
