"""Saving contracts by the thousand for `karez bench savings`: signed, measured and verified, straight into tables.

Deterministic. Every contract has its own user, terms and hash, and shares by one of eight forms: flat, by thresholds of
both kinds, with recovery and fees, with floor and ceiling on a tariff, under a guarantee with and without sharing, and
by the larger of tariff and price. A report's texts are those of one real derivation with the contract's own litres.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.range import Range

from market.contracts import savings
from market.contracts.canonical import canonical
from market.contracts.sharing import (
    Block,
    Fee,
    Guarantee,
    Over,
    PriceBasis,
    Rate,
    Recovery,
    Row,
    Schedule,
    Step,
    Tariff,
)
from market.contracts.terms import BoundaryPoint, Party, Terms
from market.core import audit, clock, db

FORMS = 8
PERIOD_MONTHS = 3
CONTRACTS_A_FIRM = 200
SIZES = ("public_body", "large", "small", "other")
TARIFF = Tariff(
    (Block(0, 21_000), Block(400_000, 32_000)), quota_litres=900_000, over_quota=(Over(0, 2_000_000),), tax_e4=2_000,
    sewage_e4=9_500, sewage_bp=8_000,
)  # fmt: skip
PROGRAMME = audit.Actor(request_id="bench")


class Crowd(NamedTuple):
    """Who there is: who drafts, users one a contract, firms, a bank, one who gives subsidies, a verifier."""

    clerk: int
    users: Sequence[int]
    firms: Sequence[int]
    bank: int
    giver: int
    verifier: int


def month(starts: dt.date, months: int) -> dt.date:
    """The first of the month so many months after."""
    total = starts.year * 12 + starts.month - 1 + months
    return dt.date(total // 12, total % 12 + 1, 1)


def begins(periods: int) -> dt.date:
    """The first day of an operation of which so many periods are over for some months."""
    today = clock.today()
    return month(today, -PERIOD_MONTHS * periods - 2)


def terms_of(number: int, crowd: Crowd, starts: dt.date, source: random.Random) -> Terms:
    """What the `number`-th contract says, from 0; its form is `number` modulo FORMS. Errors: BadTerms."""
    form = number % FORMS
    user, firm = crowd.users[number], crowd.firms[number % len(crowd.firms)]
    parties = [
        Party(user, "user", source.choice(SIZES)),
        Party(firm, "firm", source.choice(SIZES)),
        Party(crowd.bank, "financier", "large"),
    ]
    if form == 3:
        parties.append(Party(crowd.giver, "subsidy_giver", "public_body"))
    names = tuple(str(each.participant) for each in parties)
    investment = source.randrange(1_000_00, 900_000_00)
    shared = form != 5
    price = PriceBasis("fixed", source.randrange(15_000, 60_000))
    if form in (4, 7):
        price = PriceBasis("tariff" if form == 4 else "floor", price.price_e4)
    return Terms(
        kind="public_institution",
        mode="sharing" if shared else "guaranteed",
        title=f"contract {number}",
        parties=tuple(parties),
        verifier=crowd.verifier,
        boundary=(BoundaryPoint(number + 1, 1),),
        starts_on=starts,
        ends_on=month(starts, 96) - dt.timedelta(days=1),
        period_months=PERIOD_MONTHS,
        price=price,
        tariff=TARIFF if form in (4, 7) else None,
        investment_fen=investment,
        duties="the firm maintains what it built",
        equipment="goes to the user at the end",
        schedule=_schedule(form, names, investment, source) if shared else None,
        guarantee=_guarantee(len(parties), source) if form in (5, 6) else None,
        fee_fen=0 if shared else source.randrange(1, 90_000),
        payment_days=source.randrange(0, 90),
        late=Rate(500),
        water_bp=_shares(len(parties), source),
    )


def _shares(parties: int, source: random.Random) -> tuple[int, ...]:
    """Basis points of each party, from uneven cuts."""
    cuts = sorted(source.randrange(10_001) for _ in range(parties - 1))
    return tuple(after - before for before, after in pairwise((0, *cuts, 10_000)))


def _schedule(form: int, names: tuple[str, ...], investment: int, source: random.Random) -> Schedule:
    count = len(names)
    steps = [Step(0, _shares(count, source))]
    if form in (1, 2, 6):
        steps += [Step(1_000, _shares(count, source)), Step(2_500, _shares(count, source))]
    rows = (
        Row(1, tuple(steps), "marginal" if form == 2 else "cliff"),
        Row(2, (Step(0, _shares(count, source)),)),
    )
    ceiling = source.randrange(50_000, 500_000) if form == 4 else None
    recovery = None
    if form in (3, 7):
        most = investment if form == 3 else source.randrange(1, 200_000)
        recovery = Recovery(most, (1_000, 8_500, *([500] if count == 3 else [300, 200])))
    return Schedule(
        names,
        names[1],
        names[0],
        rows,
        recovery=recovery,
        fees=(Fee(names[2], fen=1_234, bp=37),) if form == 3 else (),
        floor_fen=source.randrange(50_000) if form == 4 else 0,
        ceiling_fen=ceiling,
    )


def _guarantee(parties: int, source: random.Random) -> Guarantee:
    return Guarantee(
        litres=source.randrange(200_000, 1_500_000),
        price_e4=source.randrange(15_000, 60_000),
        cap_fen=source.randrange(300_000),
        surplus_bp=_shares(parties, source),
    )


def derived() -> tuple[str, str]:
    """(input, result) texts of a real report of a quarter after three base years of a building without drivers."""
    source = random.Random(1)
    first = dt.date(2021, 1, 1)
    firsts = [month(first, each) for each in range(40)]
    periods = tuple(
        savings.Period(firsts[each], firsts[each + 1], 1_000_000 + source.randrange(-40_000, 40_001))
        for each in range(36)
    )
    meters = (savings.Meter("1", 1, 20_000),)
    base = savings.BaseInput("building", first, firsts[36], firsts[36], (), periods, meters)
    used = tuple(savings.Period(firsts[each], firsts[each + 1], 700_000) for each in (36, 37, 38))
    report = savings.Report(firsts[36], firsts[39], used, meters, (2_100_000,))
    rules = savings.Rules()
    found = savings.assess(savings.baseline(base, rules), report, rules)
    return canonical(report).decode(), canonical([found, savings.credit(found, rules)]).decode()


def fill(connection: psycopg.Connection[Any], contracts: int, *, periods: int = 1, seed: int = 1) -> None:
    """Writes so many contracts, each with `periods` quarters verified and past every objection; commits.

    Foreign keys, which are made to hold, are not checked on the way. Errors: psycopg's.
    """
    connection.execute("SET session_replication_role = replica")
    source = random.Random(seed)
    crowd = _crowd(connection, contracts)
    starts = begins(periods)
    numbers = _drawn(connection, "saving_contracts", contracts)
    versions = _drawn(connection, "contract_versions", contracts)
    terms = [terms_of(each, crowd, starts, source) for each in range(contracts)]
    now, clerk = clock.now(), crowd.clerk
    both = list(zip(numbers, versions, terms, strict=True))
    _copy(
        connection, "saving_contracts (id, user_id, kind, mode, title, status, signed_at)",
        ((number, each.user, each.kind, each.mode, each.title, "signed", now) for number, _, each in both),
    )  # fmt: skip
    _copy(
        connection,
        "contract_versions (id, contract_id, number, text, sha256, effective_on, status, drafted_by, resolved_at)",
        (
            (version, number, 1, text := each.text(), _hash(text), starts, "signed", clerk, now)
            for number, version, each in both
        ),
    )
    _copy(
        connection, "contract_parties (version_id, rank, contract_id, participant_id, role)",
        (
            (version, rank, number, who, role)
            for number, version, each in both
            for rank, (who, role) in enumerate(
                [*((one.participant, one.role) for one in each.parties), (each.verifier, "verifier")]
            )
        ),
    )  # fmt: skip
    connection.execute(_SIGNED_SQL, (clerk, numbers))
    _copy(
        connection, "contract_phases (contract_id, phase, starts_on, document, recorded_by)",
        ((number, "operation", starts, "protocol", clerk) for number in numbers),
    )  # fmt: skip
    baselines = _drawn(connection, "contract_baselines", contracts)
    given, result = derived()
    _copy(
        connection,
        "contract_baselines (id, contract_id, number, input_text, result_text, sha256, tier, status, proposed_by,"
        " agreed_at)",
        (
            (each, number, 1, "{}", "{}", _hash("{}"), "A", "agreed", clerk, now)
            for each, number in zip(baselines, numbers, strict=True)
        ),
    )
    reports = _drawn(connection, "saving_reports", contracts * periods)
    _reports(connection, reports, list(zip(numbers, versions, baselines, strict=True)), starts, given, result,
             source, crowd.verifier)  # fmt: skip
    _told(connection, saving_contract=numbers, contract_version=versions, contract_baseline=baselines,
          saving_report=reports)  # fmt: skip
    connection.execute("SET session_replication_role = DEFAULT")
    connection.commit()


_SIGNED_SQL = """
INSERT INTO contract_signatures (version_id, participant_id, user_id, sha256)
SELECT p.version_id, p.participant_id, %s, v.sha256
  FROM contract_parties p JOIN contract_versions v ON v.id = p.version_id
 WHERE p.role <> 'verifier' AND p.contract_id = ANY(%s)
"""


def _reports(
    connection: psycopg.Connection[Any], ids: Sequence[int], of: Sequence[tuple[int, int, int]], starts: dt.date,
    given: str, result: str, source: random.Random, verifier: int,
) -> None:  # fmt: skip
    """The reports of each period of each contract, (contract, version, baseline), and the numbers they claim."""
    now, today = clock.now(), clock.today()
    yesterday, periods = today - dt.timedelta(days=1), len(ids) // len(of)
    days = [
        (month(starts, PERIOD_MONTHS * each), month(starts, PERIOD_MONTHS * (each + 1)))
        for each in range(periods)
    ]

    def rows() -> Iterable[tuple[Any, ...]]:
        numbers = iter(ids)
        for contract, version, baseline in of:
            for first, last in days:
                use = source.randrange(300_000, 3_000_000)
                saving = source.choice((1, 1, 1, 1, 1, 1, 1, 0)) * source.randrange(1, 1_500_000)
                text = _with_litres(result, use + saving, use, saving)
                yield (
                    next(numbers), contract, version, baseline, first, last, "verified", given, text, _hash(text), "A",
                    use + saving, use, saving, saving, saving // 2, 0, False, "saving_objection", yesterday, verifier,
                    now,
                )  # fmt: skip

    _copy(
        connection,
        "saving_reports (id, contract_id, version_id, baseline_id, starts_on, ends_on, status, input_text, result_text,"
        " sha256, tier, adjusted_litres, use_litres, saving_litres, money_litres, water_litres, carried_litres, merges,"
        " clock_name, due_on, verified_by, verified_at)",
        rows(),
    )
    _copy(
        connection, "report_spans (report_id, span, days)",
        (
            (ids[place * periods + each], Range(contract << 40, (contract + 1) << 40), Range(*days[each]))
            for place, (contract, _, _) in enumerate(of)
            for each in range(periods)
        ),
    )  # fmt: skip


def _with_litres(result: str, adjusted: int, use: int, saving: int) -> str:
    """The template's derivation with other litres where a program looks for them."""
    head, _, rest = result.partition('"adjusted_litres":')
    _, _, rest = rest.partition(",")
    return f'{head}"adjusted_litres":{adjusted},"of":[{use},{saving}],{rest}'


def _crowd(connection: psycopg.Connection[Any], contracts: int) -> Crowd:
    firms = 1 + contracts // CONTRACTS_A_FIRM
    ids = _drawn(connection, "participants", contracts + firms + 3)
    kinds = ["public_body"] * contracts + ["service_firm"] * firms + ["bank", "public_body", "verifier"]
    now = clock.now()
    _copy(
        connection,
        "participants (id, kind, name, identifier_kind, identifier_hash, identifier_masked, status, decided_at)",
        (
            (each, kind, f"{kind} {each}", "uscc", b"bench" + each.to_bytes(8), "***", "admitted", now)
            for each, kind in zip(ids, kinds, strict=True)
        ),
    )
    [clerk] = _drawn(connection, "users", 1)
    connection.execute(
        "INSERT INTO users (id, login, name, password_hash) VALUES (%s, %s, 'clerk', '-')",
        (clerk, f"bench-{clerk}"),
    )
    _told(connection, participant=ids)
    return Crowd(clerk, ids[:contracts], ids[contracts : contracts + firms], *ids[contracts + firms :])


def _told(connection: psycopg.Connection[Any], **rows: Sequence[int]) -> None:
    """The audit trail of rows that were put there, so that it is whole."""
    for kind, ids in rows.items():
        audit.record_many(
            connection, actor=PROGRAMME, action=f"{kind}.put", subject_type=kind, details=((each, {}) for each in ids)
        )  # fmt: skip


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    name, _, columns = table.rstrip(")").partition(" (")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(sql.Identifier(each.strip()) for each in columns.split(","))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _drawn(connection: psycopg.Connection[Any], table: str, count: int) -> list[int]:
    statement = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s::bigint)"
    return [row[0] for row in connection.execute(statement, (table, count)).fetchall()]


def install(url: str, contracts: int, *, periods: int = 1, seed: int = 1) -> None:
    """Fills a database that has its schema and a county's pack. Errors: psycopg's."""
    with db.connect(url) as connection:
        fill(connection, contracts, periods=periods, seed=seed)
