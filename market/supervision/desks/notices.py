"""Notices: decisions in writing, numbered without gaps, and the record of their service. Source: 行政许可法 art. 38."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_fen, format_litres
from market.core import acts, audit, clock, ids
from market.core.db import raw
from market.core.errors import NotFound
from market.core.refusals import source_in_chinese, source_in_english
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry import steps as right_steps
from market.supervision.desks import docket, matters, wording
from market.supervision.desks.errors import ServedBefore, ServedLater
from market.supervision.desks.models import DeskReview, Notice, NoticeAddressee, NoticeService

NOTICE = "notice"
REMEDY_CLOCK, REMEDY_DAYS = "review_application", 60
ELECTRONIC = "electronic"
_done = partial(acts.done, source="supervision", kind=NOTICE)
# Gapless: the row of the series is held until the commit.
_NEXT_SQL = """
INSERT INTO number_series (series, last) VALUES (%s, 1)
ON CONFLICT (series) DO UPDATE SET last = number_series.last + 1 RETURNING last
"""


class Shown(NamedTuple):
    """A notice with whom it is for (number and name) and the record of its service."""

    notice: Notice
    addressees: Sequence[tuple[int, str]]
    services: Sequence[NoticeService]


def next_number(connection: psycopg.Connection[Any], series: str) -> int:
    """The next number of a series, without a gap."""
    row = connection.execute(_NEXT_SQL, (series,)).fetchone()
    assert row is not None
    return int(row[0])


def issue(
    session: Session, *, review: DeskReview, decision: str, reason: str, legal_source: str, issued_by: int | None
) -> Notice:  # fmt: skip
    """Writes the notice of a decision to everybody whom the matter concerns."""
    connection = raw(session)
    pack, today = pack_in_force(connection), clock.today()
    rule = docket.rule_on_file(review)
    desk = pack.desk(review.desk)
    seq = next_number(connection, f"notice-{review.desk}-{today.year}")
    number = wording.number(
        desk.mark if desk is not None else f"{pack.certificate_prefix}-{review.desk}", today.year, seq
    )
    days = _remedy_days(pack)
    said = wording.Said(
        desk=(desk.zh, desk.en) if desk is not None else (pack.zh, pack.en),
        number=number,
        matter=matters.WORDS[review.kind],
        subject=ids.public(matters.PREFIX_OF[review.kind], review.reference),
        amount=_amount(review),
        decision=decision,
        reason=reason,
        legal_source=_in_both(legal_source),
        rule=rule.code,
        rule_source=_in_both(rule.basis.source),
        days=days,
        day=today,
    )
    zh, en = wording.written(said)
    made = Notice(
        desk=review.desk, year=today.year, seq=seq, number=number, review_id=review.id, decision=decision, text_zh=zh,
        text_en=en, sha256=hashlib.sha256(f"{zh}\n{en}".encode()).digest(), remedy_days=days, issued_by=issued_by,
        issued_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add_all(NoticeAddressee(notice_id=made.id, participant_id=each) for each in review.parties)
    session.flush()
    return made


def _in_both(source: str) -> tuple[str, str]:
    return source_in_chinese(source), source_in_english(source)


def _remedy_days(pack: Pack) -> int:
    found = right_steps.clock_of(pack, REMEDY_CLOCK)
    return found.length if found is not None else REMEDY_DAYS


def _amount(review: DeskReview) -> tuple[str, str]:
    litres = f"{format_litres(review.litres)} " if review.litres is not None else ""
    fen = f"{format_fen(review.fen)} " if review.fen is not None else ""
    zh = "，".join([*([f"{litres}立方米"] if litres else []), *([f"{fen}元"] if fen else [])])
    en = ", ".join([*([f"{litres}m³"] if litres else []), *([f"{fen}yuan"] if fen else [])])
    return zh or "无", en or "none"


def find(session: Session, notice_id: int) -> Shown:
    """A notice. Errors: NotFound."""
    found = session.get(Notice, notice_id)
    if found is None:
        raise NotFound("there is no such notice")
    return shown(session, [found])[0]


def shown(session: Session, found: Sequence[Notice]) -> list[Shown]:
    """These notices, with whom they are for and how they were served."""
    numbers = [each.id for each in found]
    people: dict[int, list[tuple[int, str]]] = {each: [] for each in numbers}
    rows = raw(session).execute(
        "SELECT a.notice_id, p.id, p.name FROM notice_addressees a JOIN participants p ON p.id = a.participant_id"
        " WHERE a.notice_id = ANY (%s::bigint[]) ORDER BY a.notice_id, p.id",
        (numbers,),
    )
    for notice, participant, name in rows.fetchall():
        people[notice].append((participant, name))
    served: dict[int, list[NoticeService]] = {each: [] for each in numbers}
    for each in session.scalars(
        select(NoticeService).where(NoticeService.notice_id.in_(numbers)).order_by(NoticeService.recorded_at)
    ):
        served[each.notice_id].append(each)
    return [Shown(each, people[each.id], served[each.id]) for each in found]


def listing(
    session: Session, *, participant_id: int | None, after: int | None = None, limit: int = 50
) -> list[Shown]:
    """Notices by id: to one participant, or all."""
    statement = select(Notice).where(Notice.id > (after or 0))
    if participant_id is not None:
        statement = statement.join(NoticeAddressee, NoticeAddressee.notice_id == Notice.id).where(
            NoticeAddressee.participant_id == participant_id
        )
    return shown(session, list(session.scalars(statement.order_by(Notice.id).limit(limit))))


def read_by(session: Session, *, actor: audit.Actor, notice_id: int, participant_id: int) -> Shown:
    """An addressee reads a notice: with the first reading it is served. Errors: NotFound."""
    found = find(session, notice_id)
    if participant_id not in {number for number, _ in found.addressees}:
        raise NotFound("there is no such notice")
    if any(each.participant_id == participant_id for each in found.services):
        return found
    with contextlib.suppress(ServedBefore):  # read twice at one moment
        serve(
            session, actor=actor, notice_id=notice_id, participant_id=participant_id, how=ELECTRONIC,
            served_on=clock.today(), received_by="",
        )  # fmt: skip
    return find(session, notice_id)


def serve(
    session: Session, *, actor: audit.Actor, notice_id: int, participant_id: int, how: str, served_on: dt.date,
    received_by: str,
) -> Shown:  # fmt: skip
    """Records that a notice was served. Errors: NotFound, ServedLater, ServedBefore."""
    found = find(session, notice_id)
    if participant_id not in {number for number, _ in found.addressees}:
        raise NotFound("the notice is not for this participant", pointer="/participant_id")
    issued = docket.legal_day(found.notice.issued_at)
    if not issued <= served_on <= clock.today():
        raise ServedLater(f"it was issued on {issued}", pointer="/served_on", limit=str(issued))
    if any(each.participant_id == participant_id for each in found.services):
        raise ServedBefore
    made = NoticeService(
        notice_id=notice_id, participant_id=participant_id, how=how, served_on=served_on, served_by=actor.user_id,
        received_by=received_by, recorded_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "pk_notice_services" not in str(error.orig):
            raise
        raise ServedBefore from error
    _done(
        session,
        actor=actor,
        number=notice_id,
        act="served",
        detail={"participant": participant_id, "how": how},
    )
    return find(session, notice_id)


def issued(session: Session, actor: audit.Actor, notice: Notice) -> None:
    """Tells of a notice; last, for that locks the audit trail."""
    _done(session, actor=actor, number=notice.id, act="issued", detail={"sha256": notice.sha256.hex()})
