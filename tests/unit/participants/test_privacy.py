"""Who sees what of a person: the table of kinds of data and roles."""

from __future__ import annotations

import pytest

from market.participants import privacy
from market.participants.admission import PERSONS
from market.participants.models import KINDS
from market.participants.policy import BUREAU_ROLES
from market.participants.privacy import FULL, MASKED, NONE, Kind


def test_the_table_knows_every_kind_and_no_role_that_is_not() -> None:
    assert set(privacy.GRADES) == set(Kind)
    known = BUREAU_ROLES | {privacy.OTHERS, privacy.PUBLIC}
    assert all(set(row) <= known for row in privacy.GRADES.values())


def test_who_is_no_body_is_a_person() -> None:
    assert set(KINDS) - set(PERSONS) == privacy.BODIES


def test_one_s_own_is_full_and_another_s_is_a_masked_name_at_most() -> None:
    for kind in Kind:
        assert privacy.grade(kind, {privacy.OTHERS}, own=True) is FULL
        for roles in ({privacy.OTHERS}, {privacy.PUBLIC}):
            assert privacy.grade(kind, roles, own=False) is (MASKED if kind is Kind.NAME else NONE)


def test_of_several_roles_the_one_that_sees_most_counts() -> None:
    assert privacy.grade(Kind.CONTACT, {"supervisor"}, own=False) is MASKED
    assert privacy.grade(Kind.CONTACT, {"supervisor", "registrar"}, own=False) is FULL
    assert privacy.grade(Kind.CONTACT, set(), own=False) is NONE


def test_who_looks_after_sign_ins_sees_nothing_of_participants() -> None:
    seen = {kind for kind in Kind if privacy.grade(kind, {"administrator"}, own=False) is not NONE}
    assert seen == {Kind.STAFF, Kind.COLLEAGUE}
    assert not any(privacy.may_unmask(kind, {"administrator"}) for kind in Kind)


@pytest.mark.parametrize(
    ("kind", "roles", "allowed"),
    [
        (Kind.CONTACT, {"auditor"}, True),
        (Kind.NAME, {"supervisor"}, True),
        (Kind.NAME, {"participant"}, False),
        (Kind.BANK, {"auditor"}, False),
        (Kind.IDENTITY, {"public"}, False),
    ],
)
def test_what_is_shown_masked_may_be_unmasked_by_the_bureau(
    kind: Kind, roles: set[str], allowed: bool
) -> None:
    assert privacy.may_unmask(kind, roles) is allowed


def test_a_mask_tells_neither_the_rest_nor_the_length() -> None:
    assert privacy.masked(Kind.NAME, " 艾力·买买提") == "艾**"
    assert privacy.masked(Kind.IDENTITY, "653***********1234") == "**34"
    assert privacy.masked(Kind.CONTACT, "13800001234") == "**34"
    assert privacy.masked(Kind.CONTACT, "1234") == "**"
    assert privacy.shown(Kind.CONTACT, "", {"public"}, own=False) == ""
    assert privacy.shown(Kind.CONTACT, "138", {"public"}, own=False) is None
