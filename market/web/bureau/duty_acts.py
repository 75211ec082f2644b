"""Acts of what the bureau owes others: filing a report, explaining and correcting it; inspections; national exports."""

from __future__ import annotations

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.core import clock
from market.supervision.national.models import EXPORT_KINDS
from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, REASON, Act, Ask, Told, Values, plain
from market.web.forms import Typed
from market.web.spoken import day, either, language
from market.web.words import word

FILING, INSPECTION = "/filings/<flg:filing_id>", "/inspections/<isp:inspection_id>"
FILING_PAGE, INSPECTION_PAGE = "/desk/filings/{filing_id}", "/desk/inspections/{inspection_id}"
_BAR = re.compile(r"\s*[|｜]\s*")


def _due() -> list[tuple[str, object]]:
    """Duties, each once."""
    return list({each["duty"]: either(each) for each in asking.get("/v1/duties")["data"]}.items())


def _reports() -> list[tuple[str, object]]:
    title = "title_en" if language() == "en" else "title_zh"
    return [(each["name"], each[title]) for each in asking.get("/v1/supervision-reports")["data"]]


def _kinds() -> list[tuple[str, object]]:
    return [(each, word(f"export_{each}")) for each in EXPORT_KINDS]


def _file(_numbers: Typed, typed: Typed) -> Told:
    return Told(
        facts=[
            (gettext("Duty"), dict(_due()).get(typed["duty"], typed["duty"])),
            (gettext("Year"), typed["year"]),
            (gettext("Report"), dict(_reports()).get(typed["report"], typed["report"])),
        ],
        says=[
            gettext("The report is frozen as it is today, and never changed again."),
            gettext("What differs from it later is shown, to be explained or corrected."),
        ],
    )


def _filing(numbers: Typed) -> Told:
    it = asking.get(f"/v1/filings/{numbers['filing_id']}")
    held = asking.get(f"/v1/filings/{numbers['filing_id']}/differences")
    told = Told(
        facts=[
            (gettext("Duty"), dict(_due()).get(it["duty"], it["duty"])),
            (gettext("Year"), it["year"]),
            (gettext("Filed"), day(it["filed_at"])),
        ],
        figures=[(gettext("Figures that differ now"), str(len(held["differences"])), "")],
        keeps={"differences_sha256": held["sha256"]},
    )
    if not held["differences"]:
        told.stops.append(gettext("Nothing differs from what was filed."))
    return told


def _explain(numbers: Typed, _typed: Typed) -> Told:
    told = _filing(numbers)
    told.says.append(
        gettext("The explanation is of exactly these differences; of later ones it says nothing.")
    )
    return told


def _correct(numbers: Typed, _typed: Typed) -> Told:
    told = _filing(numbers)
    told.says.append(
        gettext("The figures of now are filed in its place; what was filed before stays readable.")
    )
    return told


def _with_digest(act: Act, typed: Typed) -> Values:
    return {**plain(act, typed), "differences_sha256": typed.get("differences_sha256", "")}


def _plan(_numbers: Typed, typed: Typed) -> Told:
    return Told(
        facts=[
            (gettext("Title"), typed["title"]),
            (gettext("What is inspected"), typed["subject"]),
            (gettext("Zone"), frame.zones().get(typed.get("zone", ""), gettext("none"))),
            (gettext("Inspectors"), typed["inspectors"]),
            (gettext("Day"), day(typed["planned_on"])),
        ]
    )


def _inspection(numbers: Typed, _typed: Typed) -> Told:
    it = asking.get(f"/v1/inspections/{numbers['inspection_id']}")
    return Told(
        facts=[
            (gettext("Title"), it["title"]),
            (gettext("What is inspected"), it["subject"]),
            (gettext("Inspectors"), it["inspectors"]),
            (gettext("Day"), day(it["planned_on"])),
        ],
        sources=[it["legal_source"]],
    )


def _findings(act: Act, typed: Typed) -> Values:
    """A finding on each line: what it is | what is demanded | by when."""
    found = []
    for line in typed.get("findings", "").splitlines():
        parts = [each for each in _BAR.split(line.strip()) if each]
        if parts:
            found.append(dict(zip(("finding", "demand", "due_on"), parts, strict=False)))
    return {**plain(act, typed), "findings": found}


ACTS = (
    Act(
        "filings.file", "/filings", _l("File a report"), _l("The report is filed."), then="/desk/filings/{id}",
        asks=(
            Ask("duty", _l("Duty"), "choice", choices=_due),
            Ask("year", _l("Year"), "count", value=lambda: clock.this_year()),
            Ask("report", _l("Report"), "choice", choices=_reports),
        ),
        signs=(), tells=_file, back="/desk/filings",
    ),
    Act(
        "filings.explain", f"{FILING}/explain", _l("Explain the differences"), _l("The explanation is recorded."),
        signs=(Ask("text", _l("Why they differ"), "words", _l("It stands in the record.")),), tells=_explain,
        body=_with_digest, back=FILING_PAGE,
    ),
    Act(
        "filings.correct", f"{FILING}/correct", _l("File it anew"), _l("The correction is filed."),
        signs=(REASON,), tells=_correct, back=FILING_PAGE, then="/desk/filings/{id}",
    ),
    Act(
        "inspections.plan", "/inspections", _l("Plan an inspection"), _l("The inspection is planned."),
        asks=(
            Ask("title", _l("Title")),
            Ask("subject", _l("What is inspected"), "words"),
            Ask("zone", _l("Zone"), "choice", required=False, choices=frame.zone_choices),
            Ask("inspectors", _l("Inspectors")),
            Ask("planned_on", _l("Day"), "day"),
        ),
        signs=(LEGAL_SOURCE,), tells=_plan, back="/desk/inspections", then="/desk/inspections/{id}",
    ),
    Act(
        "inspections.complete", f"{INSPECTION}/complete", _l("Record what was found"), _l("The inspection is done."),
        signs=(
            Ask("done_on", _l("Done on"), "day"),
            Ask("summary", _l("Summary"), "words"),
            Ask(
                "findings", _l("Findings"), "words",
                _l(
                    "One a line: what was found | what is demanded | by which day (2026-12-31)."
                    " The last two if you like."
                ),
                required=False,
            ),
        ),
        tells=_inspection, body=_findings, back=INSPECTION_PAGE,
    ),
    Act(
        "inspections.cancel", f"{INSPECTION}/cancel", _l("Call it off"), _l("The inspection is called off."),
        tells=_inspection, back=INSPECTION_PAGE, danger=True,
    ),
    Act(
        "national_exports.make", "/national-exports", _l("Make an export"), _l("The export is made."),
        asks=(
            Ask("kind", _l("Records"), "choice", choices=_kinds),
            Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year()),
        ),
        signs=(), back="/desk/national-exports", then="/desk/national-exports/{id}",
        tells=lambda _n, typed: Told(
            facts=[
                (gettext("Records"), word(f"export_{typed['kind']}")), (gettext("Water year"), typed["water_year"]),
            ],
            says=[gettext("The records are frozen as they are now, for the national system to take in.")],
        ),
    ),
)  # fmt: skip
