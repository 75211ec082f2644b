"""A county small enough to see whole, and short words for what a registrar does in it.

County C with townships T1, T2; river R with districts D1 (canals K1, G0 to G59) and D2 (canal K2).
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import parse_litres
from market.api.schemas.registry import Share
from market.core import audit, books, clock, db
from market.core.chart import HEADROOM, AccountCode, TransferCode
from market.county import parts
from market.county.pack import Pack
from market.metering import readings
from market.metering.models import Meter, Reading
from market.participants.models import Participant, User
from market.registry import accounts, allocations, entitlements, limits, queries, reference
from market.registry.models import Announcement, Entitlement, Limit, WaterAccount

BASIS = parts.Basis("test", "derived", demonstration=True)
MORE_CANALS = tuple(f"G{number}" for number in range(60))
REGISTRAR = audit.Actor(user_id=1)
_numbers = itertools.count(1)


class Registry:
    """The registrar of the small county, in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def participant(self, *, status: str = "admitted", kind: str = "household") -> int:
        """A new household, or another participant."""
        number = next(_numbers)
        found = Participant(
            kind=kind,
            name=f"{kind} {number}",
            identifier_kind="identity_number",
            identifier_hash=number.to_bytes(8),
            identifier_masked="***",
            status=status,
        )
        self.session.add(found)
        self.session.flush()
        return found.id

    def right(
        self,
        *,
        volume_m3: str,
        confirmed: bool = True,
        participant_id: int | None = None,
        **other: Any,
    ) -> Entitlement:
        """A right, by default an irrigation certificate for surface water at T1 and K1."""
        values: dict[str, Any] = {
            "kind": "irrigation_certificate",
            "source": "surface",
            "sector": "agriculture",
            "township": "T1",
            "canal": "K1",
            "valid_from": dt.date(2026, 1, 1),
            "valid_to": dt.date(2035, 1, 1),
        }
        values.update(other)
        right = entitlements.apply(
            self.session,
            actor=REGISTRAR,
            participant_id=participant_id or self.participant(),
            volume_litres=parse_litres(volume_m3),
            **values,
        )
        if confirmed:
            entitlements.confirm(self.session, actor=REGISTRAR, entitlement_id=right.id)
        return right

    def limit(self, code: str, *, kind: str, m3: str, **node: Any) -> Limit:
        """A new limit for 2026."""
        node.setdefault("legal_source", "test")
        return limits.create(
            self.session,
            actor=REGISTRAR,
            code=code,
            kind=kind,
            water_year=2026,
            limit_litres=parse_litres(m3),
            **node,
        )

    def cap(self, code: str, *, m3: str, **node: Any) -> Limit:
        """A new cap for 2026."""
        return self.limit(code, kind="cap", m3=m3, **node)

    def left(self, limit: Limit) -> int:
        """What is free under a limit, in litres."""
        return reference.available(db.raw(self.session), [limit.account_id])[limit.account_id]

    def announce(self, *, share: str, **chosen: Any) -> Announcement:
        """A share of all surface water rights, or of a class."""
        values: dict[str, Any] = {"water_year": 2026, "source": "surface"}
        values.update(chosen)
        return allocations.announce(
            self.session, actor=REGISTRAR, share_e6=Share.parse(share), reason="test", **values
        )

    def received(self, right: Entitlement) -> int:
        """What announcements have credited to a right, in litres."""
        row = (
            db.raw(self.session)
            .execute(
                "SELECT coalesce(sum(litres), 0)::bigint FROM announcement_lines WHERE entitlement_id = %s",
                (right.id,),
            )
            .fetchone()
        )
        assert row is not None
        return int(row[0])

    def accounts_of(self, participant_id: int) -> list[WaterAccount]:
        """The water accounts of a participant."""
        self.session.expire_all()
        return list(
            self.session.scalars(select(WaterAccount).where(WaterAccount.participant_id == participant_id))
        )

    def open(
        self, participant_id: int, *, township: str = "T1", canal: str = "K1", sector: str = "agriculture"
    ) -> WaterAccount:
        """A surface water account for 2026."""
        return accounts.open_account(
            self.session,
            actor=REGISTRAR,
            participant_id=participant_id,
            township=township,
            canal=canal,
            sector=sector,
            source="surface",
            water_year=2026,
        )

    def watered(self, *, m3: str, canal: str = "K1") -> WaterAccount:
        """A household's account on which an announcement has put so much."""
        right = self.right(volume_m3=m3, canal=canal)
        self.announce(share="1")
        [account] = self.accounts_of(right.participant_id)
        return account

    def figures(self, water_account_id: int) -> queries.Figures:
        """The figures of an account now."""
        return queries.figures(db.raw(self.session), [water_account_id])[water_account_id]

    def meter(self, water_account_id: int) -> Meter:
        """A new meter that shows 0."""
        return readings.register_meter(
            self.session,
            actor=REGISTRAR,
            water_account_id=water_account_id,
            serial=f"M-{next(_numbers)}",
            start_litres=0,
        )

    def read(self, meter: Meter, m3: str, *, at: dt.datetime | None = None) -> Reading:
        """What a meter shows."""
        return readings.record(
            self.session,
            actor=REGISTRAR,
            meter_id=meter.id,
            read_at=at or clock.now(),
            counter_litres=parse_litres(m3),
        )

    def charge_plan(self, account: WaterAccount, *, litres: int) -> None:
        """What a purchase does to the use plan of an account."""
        assert account.plan_account_id is not None
        connection = db.raw(self.session)
        batch = journal.Batch()
        batch.transfer(
            debit=account.plan_account_id,
            credit=books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE),
            amount=litres,
            code=TransferCode.LIMIT_CHARGE,
        )
        batch.execute(connection)

    def restrict_groundwater(self, zone: str) -> None:
        """Puts a zone under restricted drawing of groundwater."""
        db.raw(self.session).execute("UPDATE zones SET groundwater = 'restricted' WHERE code = %s", (zone,))

    def inbox_kinds(self) -> list[str]:
        """What the engine has been told, in order."""
        rows = db.raw(self.session).execute("SELECT kind FROM inbox ORDER BY id").fetchall()
        return [row[0] for row in rows]


def small_pack(**changes: Any) -> Pack:
    """The small county's rules: water at D1 costs as in Manas (0.077 yuan), at D2 as in Zepu (0.1418)."""
    zones = (
        ("C", "admin", None, "county"),
        ("T1", "admin", "C", "township"),
        ("T2", "admin", "C", "township"),
        ("R", "river", None, "river"),
        ("D1", "river", "R", "district"),
        ("K1", "river", "D1", "canal"),
        ("D2", "river", "R", "district"),
        ("K2", "river", "D2", "canal"),
    )
    gates = tuple((code, "river", "D1", "canal") for code in MORE_CANALS)
    sectors = (
        ("agriculture", True, True),
        ("industry", True, True),
        ("domestic", False, True),
        ("ecology", False, True),
        ("services", True, True),
    )
    values: dict[str, Any] = {
        "name": "small",
        "version": "1",
        "zh": "小县",
        "en": "Small county",
        "county": "C",
        "certificate_prefix": "YJS",
        "sources": (),
        "zones": tuple(parts.Zone(*each, zh=each[0], en=each[0]) for each in (*zones, *gates)),
        "water_sources": ("surface", "groundwater", "reclaimed"),
        "sectors": tuple(
            parts.Sector(code, code, code, may_sell, may_buy, BASIS) for code, may_sell, may_buy in sectors
        ),
        "water_years": (
            parts.WaterYear(2026, dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
            parts.WaterYear(2027, dt.date(2027, 1, 1), dt.date(2027, 12, 31)),
            parts.WaterYear(2028, dt.date(2028, 1, 1), dt.date(2028, 12, 31)),
        ),
        "carry_overs": (parts.CarryOver("surface", 1_000_000, 50_000, True, 100_000, BASIS),),
        "reserve": parts.ReserveRule(100_000, BASIS),
        "products": (),
        "limits": (),
        "flows": (),
        "routes": (),
        "fees": (),
        "reviews": (),
        "tariffs": (
            parts.Tariff("D1", "agriculture", 770, BASIS),
            parts.Tariff("D2", "agriculture", 1418, BASIS),
        ),
        "thresholds": (parts.Threshold("use_plan", 10_000_000, "gte", parts.Basis("plan 3(1)2", "read")),),
    }
    return Pack(**(values | changes))


def registrar(session: Session) -> None:
    """Writes the user that REGISTRAR names."""
    session.add(User(login="registrar", name="registrar", password_hash="x"))
    session.flush()
