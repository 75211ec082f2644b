"""What is no path of this service is answered as unknown, in the one shape of every problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.market import Market, open_market


@pytest.fixture(scope="module")
def market(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Market:
    return open_market(database_url, Path(tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/products/PRD_01KDVDNE0KSHMZWGQR52K9RVWV",
        "/v1/orders/1",
        "/v1/orders/%00",
        "/v1/orders/" + "9" * 64,
        "/v1/water-accounts/ord_01KDVDNE0KSHMZWGQR52K9RVWV/statement",
        "/v1/nothing",
        "/nothing",
    ],
)
def test_an_id_of_another_shape_is_unknown(market: Market, path: str) -> None:
    answer = market.client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["X-Request-ID"] == answer.json["request_id"] != ""


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_a_method_that_a_path_lacks(market: Market, method: str) -> None:
    answer = market.client.open("/v1/orders", method=method)
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_id_that_was_never_given_out_is_unknown_to_who_may_ask(market: Market) -> None:
    path, auditor = "/v1/meters/mtr_00000000000000000000000000", market.bureau("auditor", "auditor")
    assert market.client.get(path).status_code == 401
    answer = market.client.get(path, headers=auditor)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    both = market.client.get("/v1/participants/par_00000000000000000000000000/mandates", headers=auditor)
    assert both.status_code == 404
