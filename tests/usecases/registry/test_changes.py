"""Rights that become other rights: nothing is lost, nothing is received twice, to the litre."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from market import prove
from market.core import audit, db
from market.core.clock import today
from market.participants.errors import StaleVersion
from market.proofs.rights import STEPS_SQL
from market.registry import allocations, changes, entitlements, errors, life_errors, steps
from market.registry.models import Entitlement
from tests.usecases.registry.county import REGISTRAR, Registry


def _split(registry: Registry, right: Entitlement, *m3: int) -> list[Entitlement]:
    return changes.split(
        registry.session,
        actor=REGISTRAR,
        entitlement_id=right.id,
        volumes_litres=[each * 1000 for each in m3],
        reason="test",
    )


def _merge(registry: Registry, *rights: Entitlement) -> Entitlement:
    [merged] = changes.merge(
        registry.session, actor=REGISTRAR, entitlement_ids=[each.id for each in rights], reason="test"
    )
    return merged


def _transfer(registry: Registry, right: Entitlement, to: int, m3: int | None = None) -> list[Entitlement]:
    return changes.transfer(
        registry.session,
        actor=REGISTRAR,
        entitlement_id=right.id,
        participant_id=to,
        volume_litres=None if m3 is None else m3 * 1000,
        reason="test",
    )


def _steps(registry: Registry, right: Entitlement) -> list[tuple[str, str | None, str]]:
    return (
        db.raw(registry.session)
        .execute(
            "SELECT step, from_status, to_status FROM entitlement_steps WHERE entitlement_id = %s ORDER BY id",
            (right.id,),
        )
        .fetchall()
    )


def test_parts_of_a_right_get_the_rest_of_the_year_and_no_more(registry: Registry) -> None:
    cap = registry.cap("CAP-C", zone="C", m3="1000")
    right = registry.right(volume_m3="1000", land_mu_e2=301)
    registry.announce(share="0.4")
    small, large = _split(registry, right, 1, 999)
    assert (right.status, small.status, large.status) == ("replaced", "confirmed", "confirmed")
    assert (small.land_mu_e2, large.land_mu_e2) == (0, 301)
    assert small.certificate_number != large.certificate_number != right.certificate_number
    assert registry.left(cap) == 600_000  # a split moves no water and frees no cap
    with pytest.raises(errors.ShareOverEntitlement) as refusal:
        registry.announce(share="0.7")
    assert refusal.value.available == "0.600000"
    registry.announce(share="0.6")
    assert [registry.received(each) for each in (right, small, large)] == [400_000, 600, 599_400]
    assert registry.left(cap) == 0
    [account] = registry.accounts_of(right.participant_id)
    assert registry.figures(account.id).available_litres == 1_000_000
    assert _steps(registry, right) == [
        ("apply", None, "applied"),
        ("confirm", "applied", "confirmed"),
        ("split", "confirmed", "replaced"),
    ]
    assert _steps(registry, small) == [("succeed", None, "confirmed")]


def test_what_was_announced_stays_with_the_old_holder_and_the_new_one_gets_the_rest(
    registry: Registry,
) -> None:
    right, heir = registry.right(volume_m3="100"), registry.participant()
    registry.announce(share="0.25")
    [new] = _transfer(registry, right, heir)
    registry.announce(share="0.75")
    [old_account], [new_account] = registry.accounts_of(right.participant_id), registry.accounts_of(heir)
    assert registry.figures(old_account.id).available_litres == 25_000
    assert registry.figures(new_account.id).available_litres == 75_000
    assert (new.participant_id, new.volume_litres) == (heir, 100_000)
    assert old_account.right_kind == "irrigation_certificate"


def test_a_right_confirmed_this_year_and_one_that_was_announced_become_one(registry: Registry) -> None:
    """50 of 100 m3 announced, 300 m3 new: an eighth of 400 m3 is received, seven eighths may follow."""
    first = registry.right(volume_m3="100")
    registry.announce(share="0.5")
    second = registry.right(volume_m3="300", participant_id=first.participant_id)
    merged = _merge(registry, first, second)
    with pytest.raises(errors.ShareOverEntitlement) as refusal:
        registry.announce(share="0.9")
    assert refusal.value.available == "0.875000"
    registry.announce(share="0.875")
    assert registry.received(merged) == 350_000


def test_a_part_may_be_sold_and_a_permit_passes_whole(registry: Registry) -> None:
    other = registry.participant()
    new, kept = _transfer(registry, registry.right(volume_m3="100"), other, 30)
    assert [(each.participant_id, each.volume_litres) for each in (new, kept)] == [
        (other, 30_000), (kept.participant_id, 70_000),
    ]  # fmt: skip
    permit = registry.right(volume_m3="100", kind="abstraction_permit")
    with pytest.raises(life_errors.PermitPassesWhole):
        _transfer(registry, permit, other, 30)
    assert [each.kind for each in _transfer(registry, permit, other)] == ["abstraction_permit"]


def test_heirs_get_the_whole_and_each_must_be_another(registry: Registry) -> None:
    right = registry.right(volume_m3="10")
    first, second = registry.participant(), registry.participant()

    def inherit(*heirs: tuple[int, int]) -> list[Entitlement]:
        return changes.inherit(
            registry.session, actor=REGISTRAR, entitlement_id=right.id, heirs=heirs, reason="test"
        )

    for wrong, error in (
        (((first, 4_000), (second, 5_999)), life_errors.PartsNotWhole),
        (((first, 4_000), (first, 6_000)), life_errors.PartsNotWhole),
        (((first, 4_000), (right.participant_id, 6_000)), life_errors.SameHolder),
        (((first, 4_000), (registry.participant(status="applied"), 6_000)), errors.ParticipantNotAdmitted),
    ):
        with pytest.raises(error):
            inherit(*wrong)
    made = inherit((first, 4_000), (second, 6_000))
    assert [(each.participant_id, each.volume_litres) for each in made] == [(first, 4_000), (second, 6_000)]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"sector": "ecology"}, "sector"),
        ({"township": "T2", "canal": "K2"}, "township_zone"),
        ({"priority": 2}, "priority"),
        ({"kind": "network_certificate"}, "kind"),
        ({"valid_to": today().replace(year=2034, month=6, day=1)}, "valid_to"),
        ({"participant_id": None}, "participant"),
    ],
)
def test_rights_that_differ_are_not_merged(registry: Registry, other: dict[str, Any], name: str) -> None:
    first = registry.right(volume_m3="10")
    second = registry.right(volume_m3="10", **({"participant_id": first.participant_id} | other))
    with pytest.raises(life_errors.MergeMismatch, match=name):
        _merge(registry, first, second)


def test_a_right_that_is_not_in_force_is_not_split(registry: Registry) -> None:
    right = registry.right(volume_m3="10")
    entitlements.suspend(registry.session, actor=REGISTRAR, entitlement_id=right.id, reason="test")
    with pytest.raises(errors.EntitlementState):
        _split(registry, right, 4, 6)
    entitlements.reinstate(registry.session, actor=REGISTRAR, entitlement_id=right.id)
    with pytest.raises(life_errors.PartsNotWhole):
        _split(registry, right, 4, 7)
    _split(registry, right, 4, 6)
    with pytest.raises(errors.EntitlementState):
        _split(registry, right, 4, 6)
    with pytest.raises(StaleVersion):
        changes.transfer(
            registry.session, actor=REGISTRAR, entitlement_id=right.id, participant_id=registry.participant(),
            reason="test", expected_version=1,
        )  # fmt: skip


def _amend(registry: Registry, right: Entitlement, **changed: Any) -> Entitlement:
    return changes.amend(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, changes=changed, reason="test"
    )


def test_an_amendment_says_before_and_after_and_never_raises_the_volume(registry: Registry) -> None:
    right = registry.right(volume_m3="10", land_mu_e2=100)
    _amend(registry, right, volume_litres=9_000, land_mu_e2=90, priority=1)
    row = (
        db.raw(registry.session)
        .execute(
            "SELECT detail FROM entitlement_steps WHERE entitlement_id = %s AND step = 'amend'", (right.id,)
        )
        .fetchone()
    )
    assert row is not None
    assert row[0] == (
        '{"after":{"land_mu_e2":90,"volume_litres":9000},"before":{"land_mu_e2":100,"volume_litres":10000}}'
    )
    with pytest.raises(life_errors.AmendmentRaises):
        _amend(registry, right, volume_litres=9_001)
    with pytest.raises(life_errors.NothingAmended):
        _amend(registry, right, volume_litres=9_000)
    registry.announce(share="0.1")
    with pytest.raises(life_errors.AmendmentAfterAnnouncement):
        _amend(registry, right, volume_litres=8_000)
    _amend(registry, right, land_mu_e2=80)


class _Play:
    """Anything that can happen to rights, in an order that a die gives."""

    def __init__(self, registry: Registry, dice: random.Random) -> None:
        self.registry, self.dice = registry, dice
        self.people = [registry.participant() for _ in range(3)]
        for person in self.people:
            audit.record(
                db.raw(registry.session), actor=REGISTRAR, action="test", subject=("participant", person)
            )

    def _rights(self) -> list[Entitlement]:
        self.registry.session.expire_all()
        rows = self.registry.session.query(Entitlement).where(Entitlement.status == "confirmed")
        return list(rows.order_by(Entitlement.id))

    def confirm(self) -> None:
        litres = self.dice.choice((1, 2, 7, 999, 1_000, 12_345, 500_001))
        self.registry.right(
            volume_m3=f"{litres // 1000}.{litres % 1000:03d}", participant_id=self.dice.choice(self.people)
        )

    def announce(self) -> None:
        share = self.dice.choice(("0.05", "0.1", "0.333333", "0.5"))
        self.registry.announce(share=share, only_new=self.dice.random() < 0.3)

    def split(self) -> None:
        right = self.dice.choice(self._rights())
        cut = self.dice.randint(0, right.volume_litres)
        changes.split(
            self.registry.session, actor=REGISTRAR, entitlement_id=right.id,
            volumes_litres=[cut, right.volume_litres - cut], reason="test",
        )  # fmt: skip

    def merge(self) -> None:
        _merge(self.registry, *self.dice.sample(self._rights(), self.dice.randint(2, 3)))

    def transfer(self) -> None:
        right = self.dice.choice(self._rights())
        part = self.dice.choice((None, self.dice.randint(1, right.volume_litres)))
        changes.transfer(
            self.registry.session, actor=REGISTRAR, entitlement_id=right.id,
            participant_id=self.dice.choice(self.people), volume_litres=part, reason="test",
        )  # fmt: skip


_REFUSALS = (
    errors.ShareOverEntitlement,
    errors.NothingToAnnounce,
    errors.CapExceeded,
    life_errors.PartsNotWhole,
    life_errors.MergeMismatch,
    life_errors.SameHolder,
    ValueError,  # fewer rights than are to be merged
    IndexError,
)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_to_rights_volume_is_conserved_and_nobody_receives_too_much(
    committed_county: str, seed: int
) -> None:
    dice, done = random.Random(seed), 0
    with db.transaction(committed_county) as session:
        play = _Play(Registry(session), dice)
        cap = play.registry.cap("CAP-C", zone="C", m3="2000").account_id
        for name in ("confirm",) * 6 + ("announce",):
            done += _tried(play, getattr(play, name))
        for _ in range(60):
            done += _tried(
                play, getattr(play, dice.choice(("confirm", "announce", "split", "merge", "transfer")))
            )
    assert done > 25
    with db.connect(committed_county) as connection:
        assert connection.execute(_FAMILIES_SQL).fetchall() == []
        [confirmed, roots, used, credited] = connection.execute(_TOTALS_SQL, (cap,)).fetchone() or ()
    assert confirmed == roots
    assert used == credited
    found = prove.run(committed_county)
    assert found["violations"] == 0, [each for each in found["invariants"] if each["violations"]]


def _tried(play: _Play, step: Callable[[], None]) -> int:
    try:
        with play.registry.session.begin_nested():
            step()
    except _REFUSALS:
        return 0
    return 1


# Rights that come from one another form a family: all of it together never received more than it is.
_FAMILIES_SQL = """
WITH RECURSIVE family (root, member) AS (
  SELECT id, id FROM entitlements
  UNION
  SELECT f.root, CASE WHEN l.parent_id = f.member THEN l.child_id ELSE l.parent_id END
  FROM family f JOIN entitlement_lineage l ON f.member IN (l.parent_id, l.child_id)
), named AS (SELECT member, min(root) AS name FROM family GROUP BY member)
SELECT n.name, sum(e.volume_litres) FILTER (WHERE e.status = 'confirmed'), sum(r.litres)
FROM named n JOIN entitlements e ON e.id = n.member
LEFT JOIN (SELECT entitlement_id, sum(litres) AS litres FROM announcement_lines GROUP BY 1) r ON r.entitlement_id = e.id
GROUP BY n.name HAVING sum(r.litres) > sum(e.volume_litres) FILTER (WHERE e.status = 'confirmed')
"""
_TOTALS_SQL = """
SELECT (SELECT sum(volume_litres) FROM entitlements WHERE status = 'confirmed'),
       (SELECT sum(volume_litres) FROM entitlements WHERE id NOT IN (SELECT child_id FROM entitlement_lineage)),
       (SELECT debits_posted FROM accounts WHERE id = %s),
       (SELECT sum(litres) FROM announcement_lines)
"""


def test_an_announcement_waits_for_a_split_and_sees_its_parts(committed_county: str) -> None:
    with db.transaction(committed_county) as session:
        right = Registry(session).right(volume_m3="100")
        Registry(session).announce(share="0.5")
    started, credited = threading.Event(), []

    def announce() -> None:
        with db.transaction(committed_county) as own:
            started.set()
            made = allocations.announce(
                own, actor=REGISTRAR, water_year=2026, source="surface", share_e6=500_000, reason="test"
            )
            credited.append((made.entitlements, made.total_litres))

    with db.transaction(committed_county) as session:
        parts = _split(Registry(session), session.get_one(Entitlement, right.id), 40, 60)
        other = threading.Thread(target=announce)
        other.start()
        started.wait(5)
        other.join(0.3)
        assert credited == []
    other.join(10)
    assert credited == [(2, 50_000)]
    with db.transaction(committed_county) as session:
        assert [Registry(session).received(each) for each in parts] == [20_000, 30_000]


def test_rights_that_enter_the_register_in_bulk_get_their_steps(registry: Registry) -> None:
    connection = db.raw(registry.session)
    right = registry.right(volume_m3="1")
    made = connection.execute(
        "INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id,"
        " volume_litres, valid_from, valid_to, status, certificate_number)"
        " SELECT participant_id, kind, source, sector, township_zone_id, canal_zone_id, volume_litres, valid_from,"
        " valid_to, 'confirmed', 'BULK-' || i FROM entitlements, generate_series(1, 3) i WHERE id = %s RETURNING id",
        (right.id,),
    ).fetchall()
    steps.write_registered(
        connection, actor=REGISTRAR, entitlement_ids=[row[0] for row in made], reason="import"
    )
    assert connection.execute(STEPS_SQL).fetchall() == []
