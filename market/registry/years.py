"""The end of a water year: open → closing (late readings, no trades) → closed, and what is carried into the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger import bulk, journal
from ledger.arrays import Bigints
from ledger.errors import InsufficientBalance
from ledger.units import format_litres
from market.core import audit, books, clock, outbox
from market.core.chart import AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.county.current import pack_in_force
from market.registry import accounts, charges, season, spills, year_states
from market.registry.county import known_sources, plan_threshold
from market.registry.errors import WaterStillHeld, WaterYearNotOver
from market.registry.models import WaterYear
from market.registry.season_models import CarryOver


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of the litres of one water account; `key` names the account of the next year."""

    water_account_id: int
    account_id: int
    debt_account_id: int | None
    key: accounts.NewWaterAccount
    source: str
    remained_litres: int
    what: season.Carried


@dataclass(frozen=True, slots=True)
class Plan:
    """The end of a year as it would be made now: its lines, what ends in reserves, and the next year's caps."""

    lines: tuple[Line, ...]
    reserves: tuple[tuple[int, str, int], ...]
    charges: tuple[charges.CapCharge, ...]


def begin_closing(session: Session, *, actor: audit.Actor, water_year: int) -> WaterYear:
    """Ends trading in a year that is over: from now on late readings only. Orders are the exchange's to end.

    Errors: WaterYearState, WaterYearNotOver.
    """
    year = year_states.locked(session, water_year, "open")
    over = clock.end_of_legal_day(year.ends_on)
    if clock.now() < over:
        raise WaterYearNotOver(
            f"the water year {water_year} ends at {over.isoformat()}",
            pointer="/water_year",
            limit=over.isoformat(),
            available=clock.now().isoformat(timespec="seconds"),
        )
    year.status = "closing"
    connection = raw(session)
    bump_reference(connection)
    _tell(connection, actor, "water_year.closing", ("water_year", water_year), {})
    return year


def preview(session: Session, *, water_year: int) -> Plan:
    """What `close` would do now; nothing changes. Errors: WaterYearState, NoNextYear."""
    year_states.known(session, water_year)
    return _plan(session, raw(session), water_year)


def lock(session: Session, water_year: int) -> WaterYear:
    """A closing year, with every account of its water, locked until the commit: what is left on them stays so.

    Errors: WaterYearState.
    """
    year = year_states.locked(session, water_year, "closing")
    connection = raw(session)
    journal.lock_assets(
        connection, [water_asset(source, water_year) for source in sorted(known_sources(connection))]
    )
    return year


def close(session: Session, *, actor: audit.Actor, water_year: int) -> CarryOver:
    """Closes a year: what is left pays debts, is carried by the county's rule, or ends with the year.

    Litres of a year are an asset of their own: what is carried is burnt in this year and issued in the next, into
    accounts of the origin carried_over, and charges the caps of the next. All of it is one transaction. Errors:
    WaterYearState, WaterStillHeld, NoNextYear, CapExceeded.
    """
    year = lock(session, water_year)
    connection = raw(session)
    batch = journal.Batch()
    spills.end_of_year(connection, water_year, batch)
    batch.execute(connection)
    _check_free(connection, water_year)
    following = year_states.next_year(session, water_year, lock=True)
    plan = _plan(session, connection, water_year)
    totals: Counter[str] = Counter()
    for line in plan.lines:
        totals["remained"] += line.remained_litres
        totals["repaid"] += line.what.repaid_litres
        totals["carried"] += line.what.carried_litres
        totals["evaporated"] += line.what.evaporated_litres
        totals["expired"] += line.what.expired_litres
    held_back = sum(litres for _, _, litres in plan.reserves)
    made = CarryOver(
        water_year=water_year,
        remained_litres=totals["remained"] + held_back,
        repaid_litres=totals["repaid"],
        carried_litres=totals["carried"],
        evaporated_litres=totals["evaporated"],
        expired_litres=totals["expired"] + held_back,
        closed_by=actor.user_id,
        closed_at=clock.now(),
    )
    session.add(made)
    connection = raw(session)
    batch = journal.Batch()
    targets: dict[tuple[str, accounts.NewWaterAccount], tuple[int, int]] = {}
    if totals["carried"]:
        targets = _open_targets(connection, plan, year_states.expect(following, water_year).year, batch)
    _write_lines(connection, made.id, plan, targets)
    _post(connection, made, plan, targets, following, batch)
    year.status = "closed"
    connection = raw(session)
    if following is not None:
        for source in sorted({line.source for line in plan.lines}):
            spills.hold(connection, source, following.year)
    bump_reference(connection)
    connection.execute(_NOTICES_SQL, (made.id,))
    detail = {**totals, "reserves": held_back, "accounts": len(plan.lines)}
    _tell(connection, actor, "water_year.closed", ("carry_over", made.id), detail | {"year": water_year})
    return made


_HELD_SQL = """
SELECT count(*), coalesce(sum(a.debits_pending), 0)::bigint FROM water_accounts w JOIN accounts a ON a.id = w.account_id
 WHERE w.water_year = %s AND (a.debits_pending > 0 OR a.credits_pending > 0)
"""


def _check_free(connection: psycopg.Connection[Any], water_year: int) -> None:
    row = connection.execute(_HELD_SQL, (water_year,)).fetchone()
    if row is not None and row[0]:
        raise WaterStillHeld(
            f"{row[0]} accounts of {water_year} have water in holds",
            limit="0.000",
            available=format_litres(row[1]),
            legal_source="service rule of the exchange: water years",
        )


_LEFT_SQL = """
WITH rights AS (
  SELECT e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector, e.source,
         sum(e.volume_litres)::bigint AS litres
    FROM entitlements e JOIN water_years y ON y.year = %(year)s
   WHERE e.status = 'confirmed' AND e.valid_from <= y.ends_on AND e.valid_to >= y.ends_on
   GROUP BY 1, 2, 3, 4, 5)
SELECT w.id, w.account_id, d.account_id, w.participant_id, w.township_zone_id, w.canal_zone_id, w.sector,
       w.right_kind, w.source, a.credits_posted - a.debits_posted,
       coalesce(o.debits_posted - o.credits_posted, 0),
       CASE WHEN w.origin IN ('own', 'carried_over') THEN coalesce(r.litres, 0) ELSE 0 END
  FROM water_accounts w
  JOIN accounts a ON a.id = w.account_id
  LEFT JOIN water_debts d ON d.water_account_id = w.id
  LEFT JOIN accounts o ON o.id = d.account_id
  LEFT JOIN rights r USING (participant_id, township_zone_id, canal_zone_id, sector, source)
 WHERE w.water_year = %(year)s AND a.credits_posted > a.debits_posted
 ORDER BY w.id
"""
_RESERVES_SQL = """
SELECT r.account_id, r.source, a.credits_posted - a.debits_posted
  FROM reserves r JOIN accounts a ON a.id = r.account_id
 WHERE r.water_year = %s AND a.credits_posted > a.debits_posted ORDER BY r.account_id
"""


def _plan(session: Session, connection: psycopg.Connection[Any], water_year: int) -> Plan:
    """What is left, and what becomes of it. Accounts of one right share what may be kept of it, by their id."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_LEFT_SQL, {"year": water_year}).fetchall()
        reserves = cursor.execute(_RESERVES_SQL, (water_year,)).fetchall()
    pack = pack_in_force(connection)
    kept: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    lines = []
    for row in rows:
        (account, ledger_account, debt, participant, township, canal, sector, kind, source) = row[:9]
        left, owed, right = row[9:]
        rule = pack.carry_over(source)
        key = accounts.NewWaterAccount(participant, township, canal, sector, kind)
        same = (source, *key[:4])
        most = season.most_kept(right, rule.keep_e6) - kept[same] if rule is not None and right else 0
        what = season.carry(left, owed, most, evaporation_e6=rule.evaporation_e6 if rule is not None else 0)
        if right:
            kept[same] += what.carried_litres + what.evaporated_litres
        lines.append(Line(account, ledger_account, debt, key, source, left, what))
    due: tuple[charges.CapCharge, ...] = ()
    if any(line.what.carried_litres for line in lines):
        following = year_states.expect(year_states.next_year(session, water_year), water_year)
        due = _next_charges(connection, lines, following.year)
    return Plan(tuple(lines), tuple(reserves), due)


def _next_charges(
    connection: psycopg.Connection[Any], lines: Iterable[Line], water_year: int
) -> tuple[charges.CapCharge, ...]:
    needed: dict[int, charges.CapCharge] = {}
    by_source: defaultdict[str, list[tuple[int, int, str, int]]] = defaultdict(list)
    for line in lines:
        at = (line.key.township_zone_id, line.key.canal_zone_id, line.key.sector)
        by_source[line.source].append((*at, line.what.carried_litres))
    for source, rows in sorted(by_source.items()):
        for each in charges.over(connection, rows, water_year=water_year, source=source):
            before = needed[each.limit.id].needed_litres if each.limit.id in needed else 0
            needed[each.limit.id] = charges.CapCharge(
                each.limit, before + each.needed_litres, each.available_litres
            )
    return tuple(needed[limit_id] for limit_id in sorted(needed))


_CARRIED_ACCOUNTS_SQL = """
SELECT participant_id, township_zone_id, canal_zone_id, sector, id, account_id FROM water_accounts
 WHERE water_year = %s AND source = %s AND origin = 'carried_over'
"""


def _open_targets(
    connection: psycopg.Connection[Any], plan: Plan, water_year: int, batch: journal.Batch
) -> dict[tuple[str, accounts.NewWaterAccount], tuple[int, int]]:
    """By source and key the (water account, ledger account) of the next year that takes what is carried."""
    targets: dict[tuple[str, accounts.NewWaterAccount], tuple[int, int]] = {}
    for source in sorted({line.source for line in plan.lines if line.what.carried_litres}):
        known = {
            row[:4]: row[4:]
            for row in connection.execute(_CARRIED_ACCOUNTS_SQL, (water_year, source)).fetchall()
        }
        wanted: dict[tuple[Any, ...], accounts.NewWaterAccount] = {}
        for line in plan.lines:
            if line.source == source and line.what.carried_litres:
                wanted.setdefault(line.key[:4], line.key)
        missing = [key for place, key in wanted.items() if place not in known]
        opened = accounts.open_many(
            connection,
            missing,
            source=source,
            water_year=water_year,
            origin="carried_over",
            threshold=plan_threshold(connection),
            batch=batch,
        )
        known |= {key[:4]: pair for key, pair in zip(missing, opened, strict=True)}
        for line in plan.lines:
            if line.source == source and line.what.carried_litres:
                targets[source, line.key] = known[line.key[:4]]
    return targets


def _write_lines(
    connection: psycopg.Connection[Any],
    carry_over_id: int,
    plan: Plan,
    targets: dict[tuple[str, accounts.NewWaterAccount], tuple[int, int]],
) -> None:
    lines = plan.lines
    connection.execute(
        "INSERT INTO carry_over_lines (carry_over_id, water_account_id, to_water_account_id, remained_litres,"
        " repaid_litres, carried_litres, evaporated_litres, expired_litres)"
        " SELECT %s, t.id, nullif(t.to_id, 0), t.remained, t.repaid, t.carried, t.evaporated, t.expired"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
        " %s::bigint[]) AS t (id, to_id, remained, repaid, carried, evaporated, expired)",
        (
            carry_over_id,
            Bigints(line.water_account_id for line in lines),
            Bigints(targets[line.source, line.key][0] if line.what.carried_litres else 0 for line in lines),
            Bigints(line.remained_litres for line in lines),
            Bigints(line.what.repaid_litres for line in lines),
            Bigints(line.what.carried_litres for line in lines),
            Bigints(line.what.evaporated_litres for line in lines),
            Bigints(line.what.expired_litres for line in lines),
        ),
    )


_MOVES_SQL = """
INSERT INTO bulk_transfers (debit, credit, amount, code, reference)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""


def _post(
    connection: psycopg.Connection[Any],
    made: CarryOver,
    plan: Plan,
    targets: dict[tuple[str, accounts.NewWaterAccount], tuple[int, int]],
    following: WaterYear | None,
    batch: journal.Batch,
) -> None:
    """Moves everything in one batch: out of this year's asset, and into the next year's."""
    moves: list[tuple[int, int, int, int, int]] = []

    def system(source: str, year: int, code: AccountCode) -> int:
        return books.system_account(connection, water_asset(source, year), code)

    def move(debit: int, credit: int, litres: int, code: TransferCode, reference: int = made.id) -> None:
        if litres:
            moves.append((debit, credit, litres, int(code), reference))

    for line in plan.lines:
        expiry = system(line.source, made.water_year, AccountCode.WATER_EXPIRY)
        what = line.what
        if line.debt_account_id is not None:
            paid = what.repaid_litres
            move(line.account_id, line.debt_account_id, paid, TransferCode.DEBT_REPAID, line.water_account_id)
        move(line.account_id, expiry, what.evaporated_litres + what.expired_litres, TransferCode.YEAR_END)
        if what.carried_litres and following is not None:
            carried = system(line.source, made.water_year, AccountCode.WATER_CARRIED)
            issue = system(line.source, following.year, AccountCode.WATER_ISSUE)
            move(line.account_id, carried, what.carried_litres, TransferCode.CARRIED)
            move(issue, targets[line.source, line.key][1], what.carried_litres, TransferCode.CARRIED)
    for account, source, litres in plan.reserves:
        move(
            account, system(source, made.water_year, AccountCode.WATER_EXPIRY), litres, TransferCode.YEAR_END
        )
    charges.charge(connection, batch, plan.charges, code=TransferCode.CARRIED, reference_id=made.id)
    bulk.stage(connection)
    if moves:
        connection.execute(_MOVES_SQL, tuple(map(Bigints, zip(*moves, strict=True))))
    beside = set()
    if following is not None:
        for source in {line.source for line in plan.lines}:
            beside.add(system(source, following.year, AccountCode.WATER_EXPIRY))
    try:
        bulk.execute(connection, also=batch, beside=beside)
    except InsufficientBalance as error:
        if plan.charges and error.account_id in {each.limit.account_id for each in plan.charges}:
            raise charges.exceeded(connection, plan.charges, "the carry-over") from error
        raise WaterStillHeld("an account changed while the year was closed; try again") from error


_NOTICES_SQL = """
INSERT INTO outbox (topic, subject_type, subject_id, payload)
SELECT 'registry.water_account.year_ended', 'water_account', water_account_id,
       json_build_object('carry_over_id', carry_over_id, 'carried_litres', carried_litres,
                         'evaporated_litres', evaporated_litres, 'expired_litres', expired_litres,
                         'repaid_litres', repaid_litres)::text
  FROM carry_over_lines WHERE carry_over_id = %s ORDER BY water_account_id
"""


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    subject: tuple[str, int],
    detail: dict[str, Any],
) -> None:
    outbox.publish(connection, topic=f"registry.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=action, subject=subject, detail=detail)
