"""An application is withdrawn over HTTP by its applicant, before it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.county import County, permit
from tests.api.furnished import open_furnished


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with my things and a neighbour's."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def _refused(county: County, who: str, path: str, body: Any, **headers: str) -> tuple[int, str]:
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(who, **headers))
    return answer.status_code, answer.json["code"]


def test_an_applicant_withdraws_its_application_and_nobody_else_does(county: County) -> None:
    body = permit(county.mine, volume="100", assessment_id=None)
    path = f"/entitlements/{county.post('mine', '/entitlements', body)['id']}"
    for step in ("accept", "publish"):
        county.post("registrar", f"{path}/{step}")
    objection = county.post("theirs", f"/published-applications/{path[14:]}/object", {"grounds": "dry"})["id"]
    assert _refused(county, "theirs", f"{path}/withdraw", {"reason": "not mine"})[0] == 404
    assert _refused(county, "mine", f"{path}/withdraw", {})[0] == 422  # without a reason
    assert _refused(county, "mine", f"{path}/withdraw", {"reason": "x"}, If_Match='"1"') == (
        412,
        "version_changed",
    )
    done = county.post("mine", f"{path}/withdraw", {"reason": "another site was found"})
    assert (done["status"], done["clocks"], done["certificate_number"]) == ("withdrawn", [], None)
    assert path[14:] not in county.client.get("/v1/published-applications?limit=200").text
    [step] = county.get("mine", f"{path}/steps")["data"][-1:]
    assert (step["name_zh"], step["reason"]) == ("撤回申请", "another site was found")
    assert step["by"] and "service rule" in step["legal_source"]
    [lapsed] = [
        each for each in county.get("theirs", "/objections?status=lapsed")["data"] if each["id"] == objection
    ]
    assert "申请已撤回" in lapsed["decision_reason"]
    assert (
        _refused(county, "registrar", f"/objections/{objection}/uphold", {"reason": "x"})[1]
        == "objection_state"
    )
    assert _refused(county, "mine", f"{path}/withdraw", {"reason": "again"}) == (409, "entitlement_state")
    kept = county.get("mine", "/entitlements?status=withdrawn")["data"]
    assert path[14:] in [each["id"] for each in kept]
