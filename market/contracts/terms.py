"""The signed data of a saving contract: one frozen value, whose canonical text the parties sign. Pure.

A survey of eight such contracts found all underspecified, and that the cause of their disputes (Zhang 2020, abstract;
SAVINGS section 1): so everything that a distribution, a guarantee or an early end needs is a field here.
Participants are their internal numbers as text, shares are basis points, amounts fen, volumes litres.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, replace

import msgspec

from market.contracts.canonical import canonical, fingerprint
from market.contracts.sharing import (
    MODES,
    BadTerms,
    Guarantee,
    PriceBasis,
    Rate,
    Schedule,
    Tariff,
    Trusteeship,
)
from market.contracts.sharing.exact import check
from market.contracts.sharing.late import SIZES

ONE_BP = 10_000
USER, FIRM = "user", "firm"
PARTY_ROLES = (USER, FIRM, "financier", "subsidy_giver", "supplier")
PERIOD_MONTHS = (1, 3, 6, 12)
_ROLES, _SIZES = frozenset(PARTY_ROLES), frozenset(SIZES)
SHARING, GUARANTEED, TRUSTEESHIP, TRUSTEESHIP_GUARANTEED = MODES


@dataclass(frozen=True, slots=True)
class Party:
    """One who signs, in the order that decides ties; `size` is what the law on late payment asks (2025, art. 3)."""

    participant: int
    role: str
    size: str = "other"


@dataclass(frozen=True, slots=True)
class BoundaryPoint:
    """A measuring point of the boundary: counted (+1) or taken off (-1)."""

    point: int
    sign: int


@dataclass(frozen=True, slots=True)
class Household:
    """A member of an irrigation district: its share of what the district receives, and the most it gives back."""

    participant: int
    share_bp: int
    clawback_cap_fen: int


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """What who ends the contract in a year pays the other side."""

    year: int
    fen: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that is signed. `starts_on` to `ends_on` (both in it) is the operation, in which alone anything earns.

    `water_bp`: each party's share of what sold water earns; `deposit_fen`: held of the firm; `fee_fen`: what the user
    pays a period in the guaranteed mode; `upkeep_fen`, `keep_fen`: of the trust account, a period. `lpr_e6`: the
    one-year loan prime rate on the day of signing, millionths a year, below which no agreed rate of late interest goes
    where the law on small enterprises holds. `printed_sha256`: of the text on paper in both languages, made from the
    county's template (`template_sha256`) when this was drafted; none where the county has none.
    """

    kind: str
    mode: str
    title: str
    parties: tuple[Party, ...]
    verifier: int
    boundary: tuple[BoundaryPoint, ...]
    starts_on: dt.date
    ends_on: dt.date
    period_months: int
    price: PriceBasis
    investment_fen: int
    duties: str
    equipment: str
    schedule: Schedule | None = None
    guarantee: Guarantee | None = None
    trusteeship: Trusteeship | None = None
    tariff: Tariff | None = None
    fee_fen: int = 0
    upkeep_fen: int = 0
    keep_fen: int = 0
    deposit_fen: int = 0
    payment_days: int = 30
    late: Rate | None = None
    lpr_e6: int = 0
    vat_bp: int = 0
    water_bp: tuple[int, ...] = ()
    early_end: tuple[EarlyEnd, ...] = ()
    households: tuple[Household, ...] = field(default=())
    resolution_sha256: str | None = None
    printed_sha256: str | None = None
    template_sha256: str | None = None

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        self._check_parties()
        self._check_time()
        self._check_mode()
        amounts = (
            self.investment_fen, self.fee_fen, self.upkeep_fen, self.keep_fen, self.deposit_fen, self.vat_bp,
            self.lpr_e6,
        )  # fmt: skip
        check(min(amounts) >= 0, "no amount is negative")
        check(self.price.kind == "fixed" or self.tariff is not None, "this price basis needs a tariff")
        points = [each.point for each in self.boundary]
        check(points and len(set(points)) == len(points), "the boundary has points, each once")
        check({each.sign for each in self.boundary} <= {1, -1}, "a point counts as +1 or -1")
        check(1 in {each.sign for each in self.boundary}, "something is counted")
        if self.water_bp:
            check(len(self.water_bp) == len(self.parties), "a share of sold water for each party")
            check(
                sum(self.water_bp) == ONE_BP and min(self.water_bp) >= 0,
                "shares of sold water make the whole",
            )
        self._check_households()

    def _check_parties(self) -> None:
        roles = [each.role for each in self.parties]
        who = [each.participant for each in self.parties]
        check(len(set(who)) == len(who), "a party stands once")
        check(set(roles) <= _ROLES, "a party is of a known role")
        check({each.size for each in self.parties} <= _SIZES, "a party is of a known size")
        check(roles.count(USER) == 1 and roles.count(FIRM) >= 1, "there is one user, and a firm")
        check(self.verifier not in who, "the verifier is no party")
        trust = self.mode in (TRUSTEESHIP, TRUSTEESHIP_GUARANTEED)
        check(
            not trust or roles.count("supplier") == 1, "a trusteeship names the supplier that is paid first"
        )

    def _check_time(self) -> None:
        check(self.starts_on < self.ends_on, "the operation begins before it ends")
        check(self.period_months in PERIOD_MONTHS, "a period is a month, a quarter, half a year or a year")
        check(self.starts_on.day == 1, "the operation begins on the first of a month")
        check(0 <= self.payment_days <= 365, "payment is due within a year")
        years = [each.year for each in self.early_end]
        check(
            years == sorted(set(years)) and min(years, default=1) >= 1, "prices of an early end rise by year"
        )
        check(all(each.fen >= 0 for each in self.early_end), "the price of an early end is not negative")

    def _check_mode(self) -> None:
        check(self.mode in MODES, f"the mode {self.mode} is unknown")
        shares = self.mode == SHARING
        check(
            shares == (self.schedule is not None),
            "a schedule is signed where the benefit is shared, only there",
        )
        guaranteed = self.mode in (GUARANTEED, TRUSTEESHIP_GUARANTEED)
        check(not guaranteed or self.guarantee is not None, "this mode needs a guarantee")
        check(shares or guaranteed or self.guarantee is None, "this mode has no guarantee")
        trust = self.mode in (TRUSTEESHIP, TRUSTEESHIP_GUARANTEED)
        check(trust == (self.trusteeship is not None), "a first fee is signed for a trusteeship, only there")
        codes = tuple(str(each.participant) for each in self.parties)
        if self.schedule is not None:
            check(self.schedule.parties == codes, "the schedule shares between the parties, in their order")
            check(self.schedule.user == str(self.user), "the schedule's user is the user")
            check(int(self.schedule.firm) in self.firms, "the schedule's firm is a firm")
            check({each.payee for each in self.schedule.fees} <= set(codes), "fees go to parties")
        if self.guarantee is not None:
            check(len(self.guarantee.surplus_bp) == len(codes), "a share of the surplus for each party")

    def _check_households(self) -> None:
        shares = [each.share_bp for each in self.households]
        check(not shares or sum(shares) == ONE_BP, "the households' shares make the whole")
        check(min(shares, default=0) >= 0, "no household's share is negative")
        check(all(each.clawback_cap_fen >= 0 for each in self.households), "no cap is negative")
        check(not shares or self.resolution_sha256, "households stand on their resolution")
        members = [each.participant for each in self.households]
        check(len(set(members)) == len(members), "a household stands once")

    @property
    def user(self) -> int:
        """Whose water is saved."""
        return next(each.participant for each in self.parties if each.role == USER)

    @property
    def firms(self) -> tuple[int, ...]:
        """Who saves it; the first answers for guarantee and deposit."""
        return tuple(each.participant for each in self.parties if each.role == FIRM)

    def party(self, participant: int) -> Party | None:
        """The party that a participant is, if it is one."""
        for each in self.parties:  # asked for every due: a generator takes twice as long
            if each.participant == participant:
                return each
        return None

    def year_of(self, day: dt.date) -> int:
        """The contract year (1 first) of a day of the operation."""
        months = (day.year - self.starts_on.year) * 12 + day.month - self.starts_on.month
        return months // 12 + 1

    def periods(self, starts: dt.date, ends: dt.date) -> int:
        """How many periods of the contract these days are, `ends` excluded; one at least."""
        months = (ends.year - starts.year) * 12 + ends.month - starts.month + (ends.day > starts.day)
        return max(1, -(-months // self.period_months))

    def for_periods(self, count: int) -> Terms:
        """The terms with what is signed a period (fees, floor, ceiling, guarantee) for so many that make one report.

        Shares, prices, the cap and what is recoverable are signed for the contract, and stay.
        """
        if count == 1:
            return self
        schedule, guarantee = self.schedule, self.guarantee
        if schedule is not None:
            ceiling = schedule.ceiling_fen
            schedule = replace(
                schedule,
                fees=tuple(replace(each, fen=each.fen * count) for each in schedule.fees),
                floor_fen=schedule.floor_fen * count,
                ceiling_fen=None if ceiling is None else ceiling * count,
            )
        if guarantee is not None:
            guarantee = replace(guarantee, litres=guarantee.litres * count)
        return replace(self, schedule=schedule, guarantee=guarantee, fee_fen=self.fee_fen * count)

    def text(self) -> str:
        """What is signed."""
        return canonical(self).decode()

    def sha256(self) -> str:
        """The fingerprint of what is signed, 64 hexadecimal digits."""
        return fingerprint(self)


_decode = msgspec.json.Decoder(Terms).decode


@functools.lru_cache(maxsize=1024)
def terms_of(text: str) -> Terms:
    """The value of a signed text. Errors: BadTerms."""
    try:
        return _decode(text.encode())
    except msgspec.ValidationError as error:
        raise BadTerms(str(error)) from error
