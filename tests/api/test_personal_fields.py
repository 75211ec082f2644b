"""No shape shows personal data but by the fields that ask who is looking."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from flask import Flask, g
from marshmallow import Schema, fields

from market.api import schemas
from market.api.schemas.participants import ParticipantOut
from market.api.schemas.personal import Guarded
from market.participants.access import AccessActor

NAMES = re.compile(
    r"(^|_)(name|names|applicant|holder|owner_name|contact|phone|telephone|mobile|email|address|login|program|identity"
    r"|identifier|identifier_masked|id_number|bank_reference|bank_account|account_number|card|note|document|content"
    r"|land_mu|parcel|plot|signatory|legal_person)(_|$)"
)
"""What fields with personal data are called."""

OF_THINGS = {
    "ClockOut.name", "ConstraintOut.name", "CountyClockOut.name", "CountyOut.name", "LotConstraintOut.name",
    "SavingRuleOut.name", "ThresholdOut.name", "PointOut.name",
    "QualificationOut.name", "QualificationOut.document_sha256",
    "CountyOut.name_zh", "CountyOut.name_en", "SectorOut.name_zh", "SectorOut.name_en", "ZoneOut.name_zh",
    "ZoneOut.name_en", "EntitlementStepOut.name_zh", "EntitlementStepOut.name_en",
    "BillOut.document_sha256", "SupplierBillOut.document_sha256", "PointNightOut.document_sha256",
    "PointReadingOut.document_sha256", "BuyBackOut.document", "MarkOut.document", "PhaseOut.document",
    "FigureOut.name", "ThresholdInForceOut.name", "PartyMarkOut.document", "DifferenceNote.note", "DifferenceOut.note",
    "ReceiptOut.note", "ParticipantOut.identifier_kind", "DerivationOut.plot_zh", "DerivationOut.plot_en",
    "DutyOut.name_zh", "DutyOut.name_en", "WarningRuleOut.name_zh", "WarningRuleOut.name_en", "ReportKindOut.name",
    "ReportColumnOut.name", "DepartmentFigureOut.document", "DepartmentFigureOut.document_sha256",
    "PlanResultOut.document", "ReductionPlanOut.document", "BankPayoutOut.bank_account_id",
}  # fmt: skip
"""Names of rules, places and papers of the bureau, hashes."""
EXCEPTIONS = {
    "FirmOut.name": "a service firm is a body, listed in a public directory that it asked to be in",
    "FirmOut.contact": "the firm published it there itself",
    "RegistrationOut.name": "as FirmOut",
    "RegistrationOut.contact": "as FirmOut",
    "PublishedOut.applicant": "masked for everybody where it is made (registry.publications)",
    "StatementOut.name": "a paper that its parties and the bureau see; a hash covers its text",
    "PrincipalOut.name": "the clerk acts for them, on a paper that they signed",
    "ContractPartyOut.name": "the parties of a contract know each other; the route lets only them and the bureau in",
    "PledgeOut.document": "the loan's number, seen by the two who agreed on it and by the registrar's book",
    "PublicEntryOut.name": "null of persons and households",
    "OwnSessionOut.address": "one's own session, always",
    "OwnSessionOut.program": "as OwnSessionOut.address",
    "PostedHouseholdOut.name": "masked for everybody where it is made (billing.publishing)",
    "UnmaskedOut.name": "what was asked for with a purpose, and recorded",
    "UnmaskedOut.identity": "as UnmaskedOut.name",
    "UnmaskedOut.contact": "as UnmaskedOut.name",
}


def _answers() -> Iterator[type[Schema]]:
    """Every shape of the API that is not one of a body or a query."""
    for part in pkgutil.iter_modules(schemas.__path__, f"{schemas.__name__}."):
        for name, found in vars(import_module(part.name)).items():
            own = isinstance(found, type) and issubclass(found, Schema) and found.__module__ == part.name
            if own and not name.endswith(("In", "Query")):
                yield found


def test_a_field_that_is_called_like_personal_data_asks_who_is_looking() -> None:
    suspect, guarded = set(), set()
    for shape in _answers():
        for name, field in shape._declared_fields.items():
            if field.load_only or not NAMES.search(name) or isinstance(field, fields.Nested):
                continue
            (guarded if isinstance(field, Guarded) else suspect).add(f"{shape.__name__}.{name}")
    assert suspect - OF_THINGS - EXCEPTIONS.keys() == set()
    assert (OF_THINGS | EXCEPTIONS.keys()) - suspect == set(), "exceptions that nothing needs any more"
    assert {"ParticipantOut.name", "ParticipantOut.contact", "DepositOut.bank_reference"} <= guarded


def _actor(participant: int | None, *roles: str) -> AccessActor:
    return AccessActor(1, participant, frozenset(roles), None, frozenset(), "tests")


@pytest.mark.parametrize(
    ("who", "kind", "shown"),
    [
        (None, "person", ("艾**", None, None)),
        (_actor(8, "holder"), "person", ("艾**", None, None)),
        (_actor(7, "holder"), "person", ("艾力", "653***********1234", "13800001234")),
        (_actor(None, "registrar"), "person", ("艾力", "653***********1234", "13800001234")),
        (_actor(None, "auditor"), "person", ("艾**", "**34", "**34")),
        (_actor(None, "administrator"), "person", (None, None, None)),
        (_actor(None, "administrator"), "enterprise", ("艾力", "653***********1234", None)),
        (_actor(8, "holder"), "enterprise", ("艾力", "653***********1234", None)),
    ],
)
def test_a_participant_is_shown_by_role_ownership_and_kind(
    who: AccessActor | None, kind: str, shown: tuple[str | None, ...]
) -> None:
    row = SimpleNamespace(
        id=7, kind=kind, name="艾力", identifier_masked="653***********1234", contact="13800001234"
    )
    with Flask("market").app_context():
        if who is not None:
            g.actor = who
        found = ParticipantOut(only=("name", "identifier_masked", "contact")).dump(row)
    assert (found["name"], found["identifier_masked"], found["contact"]) == shown
