"""Who may have which roles, identifiers, masks, passwords: pure values."""

from __future__ import annotations

import pytest

from market.participants import passwords, policy
from market.participants.admission import check_identifier, masked
from market.participants.errors import WeakPassword, WrongIdentifier
from market.participants.models import KINDS


def test_every_kind_of_participant_has_its_roles() -> None:
    assert set(policy.ROLES_OF_KIND) == set(KINDS)
    assert set().union(*policy.ROLES_OF_KIND.values()) == policy.PARTICIPANT_ROLES
    assert not policy.PARTICIPANT_ROLES & policy.BUREAU_ROLES


@pytest.mark.parametrize(
    ("kind", "roles", "possible"),
    [
        ("household", ["holder"], True),
        ("household", ["firm"], False),
        ("association", ["association", "holder"], True),
        ("enterprise", ["verifier"], False),
        ("service_firm", ["firm"], True),
        ("bank", ["holder"], False),
        ("verifier", ["verifier"], True),
        ("verifier", ["verifier", "holder"], False),
        ("person", ["registrar"], False),
        ("person", [], False),
    ],
)
def test_participants_roles_follow_their_kind(kind: str, roles: list[str], possible: bool) -> None:
    assert (policy.wrong_participant_roles(kind, roles) is None) is possible


@pytest.mark.parametrize(
    ("roles", "possible"),
    [
        (["registrar", "supervisor"], True),
        (["administrator"], True),
        (["administrator", "reviewer"], False),
        (["administrator", "treasurer"], False),
        (["reviewer", "treasurer"], False),
        (["auditor"], True),
        (["auditor", "supervisor"], False),
        (["holder"], False),
        ([], False),
    ],
)
def test_the_bureau_keeps_roles_apart(roles: list[str], possible: bool) -> None:
    assert (policy.wrong_bureau_roles(roles) is None) is possible


@pytest.mark.parametrize(
    ("kind", "identifier", "standard"),
    [
        ("person", " 11010519491231002x ", "identity_number"),  # the example of GB 11643-1999
        ("enterprise", "91110000600037341L", "uscc"),
    ],
)
def test_identifiers_are_checked_and_kept_compact(kind: str, identifier: str, standard: str) -> None:
    assert check_identifier(kind, identifier) == (standard, identifier.strip().upper())


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        ("person", "110105194912310021"),  # wrong check digit
        ("person", "91110000600037341L"),  # a body's code
        ("enterprise", "11010519491231002X"),  # a person's number
        ("enterprise", "91110000600037342L"),
        ("household", "一二三"),
        ("household", ""),
    ],
)
def test_a_wrong_identifier_is_refused_without_being_repeated(kind: str, identifier: str) -> None:
    with pytest.raises(WrongIdentifier) as caught:
        check_identifier(kind, identifier)
    assert caught.value.pointer == "/identifier"
    assert not identifier or identifier not in caught.value.detail


def test_a_mask_shows_only_the_ends() -> None:
    assert masked("11010519491231002X") == "110***********002X"


def test_a_password_is_kept_as_argon2id_of_the_recommended_cost() -> None:
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != passwords.hashed("correct horse battery")


@pytest.mark.parametrize("weak", ["", "short", "123456789", "aaaaaaaaaaaa", "x" * 300])
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.hashed(weak)
